using System;
using System.Diagnostics;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Grpc.Core;
using Mk.Store;
using NUnit.Framework;

namespace Mk.Tests;

/// <summary><c>mk xenstore</c> with the real store behind it. What it prints was compared with Debian's xenstore-* 4.17.</summary>
public sealed class XenStoreCommandTests : SystemFixture
{
    private static async Task<string> Ok(params string[] arguments)
    {
        (int code, string output, string errors) = await MkCommand.RunAsync(["xenstore", .. arguments]);
        Assert.That(code, Is.Zero, errors);
        return output;
    }

    private static async Task<string> Refused(string words, params string[] arguments)
    {
        (int code, string output, string errors) = await MkCommand.RunAsync(["xenstore", .. arguments]);
        Assert.That((ExitCode)code, Is.EqualTo(ExitCode.Usage), errors);
        Assert.That(errors, Does.Contain(words));
        return output;
    }

    [Test]
    public async Task ReadPrintsValuesWithEscapes()
    {
        await Ok("write", "/a/b", @"x\ty\x01", "/a/c", "");
        Assert.That(await Ok("read", "/a/b", "/a/c"), Is.EqualTo("x\\ty\\001\n\n"));
        Assert.That(await Ok("read", "-p", "/a/b", "/a/c"), Is.EqualTo("/a/b: x\\ty\\001\n/a/c: \n"));
        (int code, string output, _) = await MkCommand.RunProcessAsync("", "xenstore", "read", "-R", "/a/b");
        Assert.That((code, output), Is.EqualTo((0, "x\ty\u0001")));
    }

    [Test]
    public async Task WhatCannotBeReadIsNamedAfterWhatCould()
    {
        await Ok("write", "/a/b", "1");
        Assert.That(await Refused("couldn't read path /a/none (ENOENT: there is no node /a/none; 'mk xenstore ls'", "read", "/a/b", "/a/none"), Is.EqualTo("1\n"));
        await Refused("couldn't read path bad (EINVAL:", "read", "bad");
    }

    [Test]
    public async Task WriteTakesPairsAndAllOrNone()
    {
        await Refused("each path needs a value", "write", "/a");
        await Refused("could not write path /x, bad path (EINVAL:", "write", "/x", "1", "bad path", "2");
        await Refused("couldn't read path /x", "read", "/x");
        await Ok("write", "-R", "/raw", @"x\ty");
        Assert.That(await Ok("read", "/raw"), Is.EqualTo("x\\\\ty\n"));
        await Ok("write", "--", "/dash", "-R");
        Assert.That(await Ok("read", "/dash"), Is.EqualTo("-R\n"));
        await Refused("E2BIG", "write", "/long", new string('x', 4096));
    }

    [Test]
    public async Task LsPrintsATreeOrPathsWithOrWithoutPermissions()
    {
        await Ok("write", "/a/b", @"x\ty\x01", "/a/n/deep", "q\"uo\\\\te");
        Assert.That(await Ok("ls"), Is.EqualTo("a = \"\"\n b = \"x\\ty\\001\"\n n = \"\"\n  deep = \"q\"uo\\\\te\"\n"));
        Assert.That(await Ok("ls", "-f", "/a"), Is.EqualTo("/a/b = \"x\\ty\\001\"\n/a/n = \"\"\n/a/n/deep = \"q\"uo\\\\te\"\n"));
        Assert.That(await Ok("ls", "-fp", "/a/n"), Is.EqualTo("/a/n/deep = \"q\"uo\\\\te\"   (r0)\n"));
        Assert.That(await Ok("ls", "-p", "/a"), Is.EqualTo(
            "b = \"x\\ty\\001\" . . . . . . . . . . . . . . . . . . . . . . .  (r0)\n"
            + "n = \"\" . . . . . . . . . . . . . . . . . . . . . . . . . . .  (r0)\n"
            + " deep = \"q\"uo\\\\te\" . . . . . . . . . . . . . . . . . . . . .  (r0)\n"));
        Assert.That(await Ok("ls", "/a/b"), Is.Empty);
        await Refused("xs_directory (/none): No such file or directory (ENOENT", "ls", "/none");
    }

    [Test]
    public async Task LsIsForProgramsToo()
    {
        await Ok("write", "/a/b", "1");
        JsonElement node = JsonDocument.Parse(await Ok("ls", "--json")).RootElement[1];
        Assert.That(node.GetProperty("path").GetString(), Is.EqualTo("/a/b"));
        Assert.That(node.GetProperty("value").GetString(), Is.EqualTo("1"));
        Assert.That(node.GetProperty("permissions")[0].GetString(), Is.EqualTo("r0"));
    }

    [Test]
    public async Task MoreThanOneMessageCanBeListed()
    {
        string[] pairs = [.. Enumerable.Range(0, 400).SelectMany(static i => new[] { $"/many/a-rather-long-name-{i:D4}", new string('v', 100) })];
        await Ok(["write", .. pairs]);
        Assert.That((await Ok("list", "/many")).Split('\n'), Has.Length.EqualTo(401));
        Assert.That((await Ok("ls", "/many")).Split('\n'), Has.Length.EqualTo(401));
    }

    [Test]
    public async Task ListPrintsNamesOrPaths()
    {
        await Ok("write", "/a/b", "", "/a/n/deep", "");
        Assert.That(await Ok("list", "/a", "/a/n"), Is.EqualTo("b\nn\ndeep\n"));
        Assert.That(await Ok("list", "-p", "/a", "/a/b"), Is.EqualTo("/a/b\n/a/n\n"));
        Assert.That(await Ok("list", "-p", "/"), Is.EqualTo("/a\n"));
        await Refused("could not list path /none (ENOENT", "list", "/none");
    }

    [Test]
    public async Task RmRemovesAndTidiesUp()
    {
        await Ok("write", "/a/n/deep", "", "/a/n/more", "", "/b/value", "", "/b", "kept");
        Assert.That(await Ok("rm", "/a/none"), Is.Empty, "what is missing is removed");
        await Refused("could not remove path /none/x (ENOENT", "rm", "/none/x");
        await Refused("could not remove path / (EINVAL: the root stays", "rm", "/");
        await Ok("rm", "-t", "/a/n/deep");
        Assert.That(await Ok("list", "/a/n"), Is.EqualTo("more\n"));
        await Ok("write", "/a/n/again", "");
        await Ok("rm", "-t", "/a/n/more", "/a/n/again", "/b/value");
        Assert.That(await Ok("list", "/"), Is.EqualTo("b\n"));
    }

    [Test]
    public async Task ChmodSetsPermissionsBelowAndAbove()
    {
        await Ok("write", "/a/b/c", "");
        await Ok("chmod", "-u", "/a/b", "n3");
        Assert.That(await Ok("ls", "-fp"), Is.EqualTo("/a = \"\"   (n3)\n/a/b = \"\"   (n3)\n/a/b/c = \"\"   (r0)\n"));
        await Ok("chmod", "-r", "/a", "n4", "w5", "b6");
        Assert.That((await Ok("ls", "-fp")).Split('\n').Count(static l => l.EndsWith("(n4,w5,b6)")), Is.EqualTo(3));
        await Refused("Invalid permission specification: 'x5'", "chmod", "/a", "x5");
        await Refused("Error occurred setting permissions on '/none' (ENOENT", "chmod", "/none", "n5");
    }

    [Test]
    public async Task WatchTellsThePathsAndThenWhatChanges()
    {
        using Process watch = MkCommand.Start("xenstore", "watch", "-n", "3", "/a");
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo("/a"));
        await Ok("write", "/a/x", "1");
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo("/a/x"));
        await Ok("rm", "/a");
        Assert.That(await watch.StandardOutput.ReadLineAsync(), Is.EqualTo("/a"));
        await watch.WaitForExitAsync();
        Assert.That(watch.ExitCode, Is.Zero);
        await Refused("Unable to add watch on bad (EINVAL", "watch", "/a", "bad");
    }

    [Test]
    public async Task StatsCountNodesAndDomains()
    {
        await Ok("write", "/a", "1", "/b", "2");
        await Ok("chmod", "/b", "n7");
        string text = await Ok("stats");
        Assert.That(text, Does.StartWith("3 nodes of 0 KiB, 0 watches, 3 changes\n").And.Contain("\n   7 -            1/1000"));
        JsonElement domain = JsonDocument.Parse(await Ok("stats", "--json")).RootElement.GetProperty("domains")[0];
        Assert.That(domain.GetProperty("nodes").GetInt32(), Is.EqualTo(2));
        Assert.That(domain.GetProperty("nodes_limit").GetInt32(), Is.Zero, "the control domain has no quotas");
    }

    [Test]
    public async Task AStoreThatIsBeingStartedIsWaitedForAndOneThatIsFullIsTold()
    {
        Fail("Walk", StatusCode.Unavailable, "xenstore is being restarted", times: 2);
        await Ok("list", "/");
        Fail("Commit", StatusCode.ResourceExhausted, "ENOSPC: the store is full");
        await Refused("could not write path /a (ENOSPC: the store is full; 'mk xenstore stats'", "write", "/a", "1");
        Fail("Commit", StatusCode.ResourceExhausted, "the request is too long for the ring");
        await Refused("could not write path /a (the request is too long for the ring)", "write", "/a", "1");
        Fail("Commit", StatusCode.Aborted, "changed", times: 2);
        await Ok("write", "/a", "1");
        Fail("Commit", StatusCode.Aborted, "changed", times: 100);
        await Refused("EAGAIN", "write", "/a", "2");
    }

    [FsCheck.NUnit.Property]
    public bool AValueSurvivesItsEscapes(byte[] value) =>
        StoreText.Unescape(StoreText.Escape(Google.Protobuf.ByteString.CopyFrom(value))).Span.SequenceEqual(value);

    [TestCase(@"\x", @"\x")]
    [TestCase(@"a\", @"a\")]
    [TestCase(@"\q\8", @"\q\8")]
    [TestCase(@"\x4", "\u0004")]
    [TestCase(@"\0501", "(1")]
    public void WhatIsNoEscapeStandsForItself(string text, string value) =>
        Assert.That(StoreText.Unescape(text).ToStringUtf8(), Is.EqualTo(value));
}
