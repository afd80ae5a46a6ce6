using System.Text.Json;
using System.Threading.Tasks;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary>Tests of commands to a running system.</summary>
public abstract class CommandFixture : SystemFixture
{
    /// <summary>Runs mk, which must succeed: what it prints.</summary>
    protected static async Task<string> Ok(params string[] arguments)
    {
        (int code, string output, string errors) = await MkCommand.RunAsync(arguments);
        Assert.That(code, Is.Zero, errors);
        return output;
    }

    /// <summary>The same, as JSON.</summary>
    protected static async Task<JsonElement> OkJson(params string[] arguments) => JsonDocument.Parse(await Ok([.. arguments, "--json"])).RootElement;

    /// <summary>Runs mk, which must fail with a code and say something.</summary>
    protected static async Task Refused(ExitCode code, string words, params string[] arguments)
    {
        (int got, string output, string errors) = await MkCommand.RunAsync(arguments);
        Assert.That((ExitCode)got, Is.EqualTo(code), errors);
        Assert.That(errors, Does.Contain(words));
        Assert.That(output, Is.Empty);
    }
}
