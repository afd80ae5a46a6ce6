using System.CommandLine;
using System.Threading.Tasks;
using Mk.Control;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Commands;

/// <summary><c>mk mem-set</c> and <c>mk mem-max</c>: how much memory a guest should have, and may have.</summary>
public static class MemoryCommand
{
    /// <summary>The command that changes what a guest should have.</summary>
    public static Command CreateSet() => Create(
        "mem-set", "Set how much memory a guest should have; its balloon driver gives or takes it.",
        static (request, bytes) => request.TargetBytes = bytes);

    /// <summary>The command that changes what it may have.</summary>
    public static Command CreateMaximum() => Create(
        "mem-max", "Set how much memory a guest may have at most.",
        static (request, bytes) => request.MaximumBytes = bytes);

    private static Command Create(string name, string description, System.Action<Api.SetMemoryRequest, ulong> set)
    {
        Argument<string> guest = SystemCommand.GuestArgument();
        var size = new Argument<string>("MIB") { Description = "MiB, or a number with b, k, m, g or t behind it" };
        Option<bool> json = SystemCommand.JsonOption();
        size.Validators.Add(static result =>
        {
            string word = result.Tokens[0].Value;
            if (!MemorySize.TryParse(word, out _))
                result.AddError($"'{word}' is no size of memory: write MiB, or a number with b, k, m, g or t behind it, in multiples of 4 KiB");
        });
        var command = new Command(name, description) { guest, size, json };
        command.SetSystemAction(async (parsed, system) =>
        {
            MemorySize.TryParse(parsed.GetValue(size)!, out ulong bytes);
            var request = new Api.SetMemoryRequest { Guest = GuestNames.Parse(parsed.GetValue(guest)!) };
            set(request, bytes);
            Api.SetMemoryResponse answer = await system.RepeatAsync(options => system.Toolstack.SetMemoryAsync(request, options));
            if (parsed.GetValue(json))
                Json.Print(new { answer.TargetBytes, answer.MaximumBytes });
        });
        return command;
    }
}
