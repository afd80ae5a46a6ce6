using System;

namespace Microkernel.XenStore;

/// <summary>All watches, found by what changed.</summary>
public sealed class WatchTable
{
    private readonly WatchPlace _paths = new();
    private readonly WatchPlace _specials = new();

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one.</summary>
    public void Add(Watch watch)
    {
        PlaceOf(watch.Path, out ReadOnlySpan<byte> rest).Add(rest, watch);
        Count++;
    }

    /// <summary>Takes one away.</summary>
    public void Remove(Watch watch)
    {
        PlaceOf(watch.Path, out ReadOnlySpan<byte> rest).Remove(rest, watch);
        Count--;
    }

    /// <summary>Tells of a change of the tree.</summary>
    internal void Fire(ReadOnlySpan<byte> path, in Outcome outcome)
    {
        if (Count == 0)
            return;
        WatchPlace? at = _paths;
        FireAt(at, path, outcome);
        ReadOnlySpan<byte> rest = path[1..];
        while (!rest.IsEmpty && at is not null)
        {
            at = at.Find(PathRules.TakeName(ref rest));
            if (at is not null)
                FireAt(at, path, outcome);
        }
        if (at is not null && outcome.New is null && outcome.Old is not null)
            FireBelow(at, path.Length, outcome);
    }

    /// <summary>Tells of a special event about a domain.</summary>
    /// <param name="name">The event.</param>
    /// <param name="domain">The domain.</param>
    /// <param name="permissions">Who may hear of it.</param>
    internal void FireSpecial(ReadOnlySpan<byte> name, int domain, Permissions permissions)
    {
        if (_specials.Find(name) is not { } place)
            return;
        Span<byte> full = stackalloc byte[name.Length + 11];
        name.CopyTo(full);
        full[name.Length] = (byte)'/';
        int length = name.Length + 1 + Decimal.Format((uint)domain, full[(name.Length + 1)..]);
        full = full[..length];
        foreach (Watch watch in place.Watches)
        {
            if (watch.Watcher.Caller.May(Access.Read, permissions))
                watch.Fire(watch.Depth == 1 ? full : name);
        }
        if (place.Find(full[(name.Length + 1)..]) is not { } ofDomain)
            return;
        foreach (Watch watch in ofDomain.Watches)
        {
            if (watch.Watcher.Caller.May(Access.Read, permissions))
                watch.Fire(full);
        }
    }

    private static void FireAt(WatchPlace place, ReadOnlySpan<byte> path, in Outcome outcome)
    {
        foreach (Watch watch in place.Watches)
        {
            if (MayHear(watch.Watcher.Caller, outcome) && ReachedPart(watch, path, outcome.ExistingLength) is { IsEmpty: false } part)
                watch.Fire(part);
        }
    }

    /// <summary>The path, or the longest part of it that was made with it and that the watch reaches.</summary>
    private static ReadOnlySpan<byte> ReachedPart(Watch watch, ReadOnlySpan<byte> path, int existingLength)
    {
        while (!watch.Reaches(path))
        {
            path = PathRules.Parent(path);
            if (path.Length <= existingLength)
                return default;
        }
        return path;
    }

    /// <summary>Tells those who watch something that went with a node above it.</summary>
    private static void FireBelow(WatchPlace place, int length, in Outcome outcome)
    {
        foreach (WatchPlace below in place.Below)
        {
            foreach (Watch watch in below.Watches)
            {
                Node? gone = outcome.Old!;
                ReadOnlySpan<byte> rest = watch.Path.AsSpan(length + 1);
                while (!rest.IsEmpty && gone is not null)
                    gone = gone.Children.Find(PathRules.TakeName(ref rest));
                if (gone is not null && MayHear(watch.Watcher.Caller, outcome with { Old = gone }))
                    watch.Fire(watch.Path);
            }
            FireBelow(below, length, outcome);
        }
    }

    /// <summary>
    /// Whoever can read a node before or after the change may hear of it; of its coming and going also who can read the
    /// node above it, which lists it.
    /// </summary>
    private static bool MayHear(in Caller caller, in Outcome outcome)
    {
        if (caller.IsPrivileged)
            return true;
        if (outcome.Old is { } old && caller.May(Access.Read, old.Permissions))
            return true;
        if (outcome.New is { } made && caller.May(Access.Read, made.Permissions))
            return true;
        return (outcome.Old is null || outcome.New is null) && outcome.Parent is { } parent && caller.May(Access.Read, parent.Permissions);
    }

    private WatchPlace PlaceOf(ReadOnlySpan<byte> path, out ReadOnlySpan<byte> rest)
    {
        bool isSpecial = path[0] == '@';
        rest = isSpecial ? path : path[1..];
        return isSpecial ? _specials : _paths;
    }
}
