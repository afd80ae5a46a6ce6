using System;
using System.IO;

namespace Mk.Control;

/// <summary>Where the running system of this checkout keeps its files. One system runs at a time.</summary>
public static class SystemFolder
{
    /// <summary>Names another folder, for tests.</summary>
    public const string Variable = "MK_SYSTEM";

    /// <summary>The folder.</summary>
    public static string Path => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } other ? other : Repository.InRoot("out/system");

    /// <summary>What the daemon is to start; written by <c>mk up</c>.</summary>
    public static string Plan => File("plan.json");

    /// <summary>Which processes the system is, and where it is reached.</summary>
    public static string State => File("state.json");

    /// <summary>The steps of the start so far.</summary>
    public static string Progress => File("progress");

    /// <summary>Held by the daemon as long as it lives.</summary>
    public static string Lock => File("lock");

    /// <summary>What the daemon itself has to say.</summary>
    public static string DaemonLog => File("daemon.log");

    /// <summary>How the core is called among the logs.</summary>
    public const string Core = "core";

    /// <summary>Why the last system ended, if it was not asked to.</summary>
    public static string End => File("ended");

    /// <summary>The log of the core, or of a service.</summary>
    public static string LogOf(string name) => File(name + ".log");

    private static string File(string name) => System.IO.Path.Combine(Path, name);
}
