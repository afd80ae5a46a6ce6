using System;
using System.Collections.Generic;

namespace Microkernel.XenStore;

/// <summary>The watches of one path, in a tree of the paths that are watched.</summary>
internal sealed class WatchPlace
{
    private Dictionary<byte[], WatchPlace>? _below;

    internal List<Watch> Watches { get; } = [];

    internal bool IsEmpty => Watches.Count == 0 && _below is null or { Count: 0 };

    internal IEnumerable<WatchPlace> Below => _below?.Values ?? (IEnumerable<WatchPlace>)[];

    internal WatchPlace? Find(ReadOnlySpan<byte> name)
    {
        if (_below is null)
            return null;
        _below.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out WatchPlace? place);
        return place;
    }

    internal void Add(ReadOnlySpan<byte> rest, Watch watch)
    {
        if (rest.IsEmpty)
        {
            Watches.Add(watch);
            return;
        }
        ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
        WatchPlace? next = Find(name);
        if (next is null)
        {
            _below ??= new(PathComparer.Instance);
            _below.Add(name.ToArray(), next = new WatchPlace());
        }
        next.Add(rest, watch);
    }

    internal void Remove(ReadOnlySpan<byte> rest, Watch watch)
    {
        if (rest.IsEmpty)
        {
            Watches.Remove(watch);
            return;
        }
        ReadOnlySpan<byte> name = PathRules.TakeName(ref rest);
        if (Find(name) is not { } next)
            return;
        next.Remove(rest, watch);
        if (next.IsEmpty)
            _below!.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(name);
    }
}
