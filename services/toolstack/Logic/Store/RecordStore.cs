using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Google.Protobuf;
using Microkernel.Protos.Toolstack;
using Microkernel.Protos.Xenstore;
using Microkernel.Services.Toolstack.Guests;

namespace Microkernel.Services.Toolstack.Store;

/// <summary>The toolstack's memory over its own restarts: a record of each guest, in XenStore, which only it can read.</summary>
internal sealed class RecordStore
{
    private const string Root = "/tool/microkernel/guests";

    private readonly StoreTree _tree;
    private readonly uint _ownDomain;

    internal RecordStore(StoreTree tree, uint ownDomain) => (_tree, _ownDomain) = (tree, ownDomain);

    /// <summary>The change that forgets a guest.</summary>
    internal static Change Forget(GuestRecord record) => StoreTree.Remove(PathOf(record));

    /// <summary>The changes that keep a record.</summary>
    internal IEnumerable<Change> Keep(GuestRecord record) =>
    [
        new Change { Path = PathOf(record), Write = record.ToByteString() },
        new Change { Path = PathOf(record), SetPermissions = Permissions.Hidden(_ownDomain) },
    ];

    /// <summary>Keeps a record.</summary>
    internal Task SaveAsync(GuestRecord record, CancellationToken cancellation) => _tree.CommitAsync(Keep(record), cancellation);

    /// <summary>Keeps a record, and does not give up.</summary>
    internal Task InsistAsync(GuestRecord record, CancellationToken cancellation) => _tree.InsistAsync(Keep(record), cancellation);

    /// <summary>Keeps a record of a guest that has ended and stays, has those told who wait for ends, and does not give up.</summary>
    internal async Task PreserveAsync(GuestRecord record, CancellationToken cancellation)
    {
        await _tree.InsistAsync([.. GuestNodes.Rename(record), .. Keep(record)], cancellation).ConfigureAwait(false);
        await _tree.ShutDownAsync(record.Domain, record.DomainGeneration, cancellation).ConfigureAwait(false);
    }

    /// <summary>All records, and the names of those that cannot be read.</summary>
    internal async Task<(IReadOnlyList<GuestRecord> Records, IReadOnlyList<string> Damaged)> LoadAsync(CancellationToken cancellation)
    {
        List<GuestRecord> records = [];
        List<string> damaged = [];
        foreach (string name in await _tree.ListAsync(Root, cancellation).ConfigureAwait(false))
        {
            ByteString? value = await _tree.ReadAsync($"{Root}/{name}", cancellation).ConfigureAwait(false);
            if (value is null)
                continue;
            if (TryParse(value) is { } record)
                records.Add(record);
            else
                damaged.Add(name);
        }

        return (records, damaged);
    }

    private static string PathOf(GuestRecord record) => $"{Root}/{Uuids.ToText(record.Config.Uuid)}";

    private static GuestRecord? TryParse(ByteString value)
    {
        try
        {
            GuestRecord record = GuestRecord.Parser.ParseFrom(value);
            return record.Config is { Name.Length: > 0, Uuid.Length: 16 } ? record : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
