using System.Collections.Generic;
using System.Globalization;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Guests;

namespace Microkernel.Services.Toolstack.Store;

/// <summary>The nodes of XenStore that belong to a guest: those that Xen's libxl makes, where guests and tools look for them.</summary>
internal sealed class GuestNodes
{
    /// <summary>Where the memory service puts the console's page, and its grant (kernel/Core/Boot/GuestLayout.cs).</summary>
    internal const ulong ConsoleGfn = 0xFEFFE;

    private const int ConsoleLimit = 1 << 20;

    private static readonly string[] ReadableFolders = ["cpu", "memory", "device", "control", "console"];

    private static readonly string[] OwnNodes =
    [
        "control/shutdown", "control/feature-poweroff", "control/feature-reboot", "control/feature-suspend", "control/sysrq",
        "data", "drivers", "feature", "attr", "error",
    ];

    private readonly GuestRecord _record;
    private readonly uint _ownDomain;
    private readonly List<Change> _changes = [];

    private GuestNodes(GuestRecord record, uint ownDomain) => (_record, _ownDomain) = (record, ownDomain);

    private string Home => HomeOf(_record.Domain);

    /// <summary>A domain's nodes.</summary>
    internal static string HomeOf(uint domain) => string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domain}");

    /// <summary>Where a guest is asked to end.</summary>
    internal static string ShutdownOf(uint domain) => $"{HomeOf(domain)}/control/shutdown";

    /// <summary>Makes all nodes of a guest whose domain is there.</summary>
    internal static IReadOnlyList<Change> Create(GuestRecord record, uint ownDomain)
    {
        var nodes = new GuestNodes(record, ownDomain);
        nodes.AddFolders();
        nodes.AddIdentity();
        nodes.AddSizes();
        nodes.AddConsole();
        return nodes._changes;
    }

    /// <summary>Removes them.</summary>
    internal static IEnumerable<Change> Remove(GuestRecord record)
    {
        yield return StoreTree.Remove(VmOf(record));
        if (record.Domain != 0)
            yield return StoreTree.Remove(HomeOf(record.Domain));
    }

    /// <summary>Changes the name.</summary>
    internal static IEnumerable<Change> Rename(GuestRecord record) =>
    [
        StoreTree.Write($"{HomeOf(record.Domain)}/name", record.Config.Name),
        StoreTree.Write($"{VmOf(record)}/name", record.Config.Name),
    ];

    /// <summary>Tells the guest how many vCPUs it should use.</summary>
    internal static IEnumerable<Change> SetVcpus(uint domain, GuestConfig config)
    {
        for (uint i = 0; i < config.MaximumVcpus; i++)
            yield return StoreTree.Write($"{HomeOf(domain)}/cpu/{Text(i)}/availability", i < config.Vcpus ? "online" : "offline");
    }

    /// <summary>Tells the guest how much memory it should use.</summary>
    internal static IEnumerable<Change> SetMemory(uint domain, ulong target, ulong maximum) =>
    [
        StoreTree.Write($"{HomeOf(domain)}/memory/target", Text(target >> 10)),
        StoreTree.Write($"{HomeOf(domain)}/memory/static-max", Text(maximum >> 10)),
    ];

    private static string VmOf(GuestRecord record) => $"/vm/{Uuids.ToText(record.Config.Uuid)}";

    private static string Text(ulong number) => number.ToString(CultureInfo.InvariantCulture);

    private void AddFolders()
    {
        // Below a readable folder everything is readable: a new node has its parent's permissions.
        Add(Home, "", Permissions.Readable(_ownDomain, _record.Domain));
        Add(VmOf(_record), "", Permissions.Readable(_ownDomain, _record.Domain));
        foreach (string folder in ReadableFolders)
            Add($"{Home}/{folder}", "", Permissions.Readable(_ownDomain, _record.Domain));
        foreach (string node in OwnNodes)
            Add($"{Home}/{node}", "", Permissions.Own(_record.Domain));
    }

    private void AddIdentity()
    {
        Add($"{Home}/vm", VmOf(_record));
        Add($"{Home}/name", _record.Config.Name);
        Add($"{Home}/domid", Text(_record.Domain));
        Add($"{VmOf(_record)}/name", _record.Config.Name);
        Add($"{VmOf(_record)}/uuid", Uuids.ToText(_record.Config.Uuid));
        Add($"{Home}/control/platform-feature-multiprocessor-suspend", "1");
        Add($"{Home}/control/platform-feature-xs_reset_watches", "1");
    }

    private void AddSizes()
    {
        _changes.AddRange(SetMemory(_record.Domain, _record.Config.MemoryBytes, _record.Config.MaximumMemoryBytes));
        _changes.AddRange(SetVcpus(_record.Domain, _record.Config));
        Add($"{Home}/store/port", Text(_record.StorePort));
    }

    private void AddConsole()
    {
        Add($"{Home}/console/ring-ref", Text(ConsoleGfn));
        Add($"{Home}/console/port", Text(_record.ConsolePort));
        Add($"{Home}/console/limit", Text(ConsoleLimit));
        Add($"{Home}/console/type", "xenconsoled");
        Add($"{Home}/console/output", "pty");
    }

    private void Add(string path, string value, PermissionList? permissions = null)
    {
        _changes.Add(StoreTree.Write(path, value));
        if (permissions is not null)
            _changes.Add(new Change { Path = path, SetPermissions = permissions });
    }
}
