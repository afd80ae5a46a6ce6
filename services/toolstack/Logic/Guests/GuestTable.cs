using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using GuestReference = Microkernel.Protos.Toolstack.Guest;

namespace Microkernel.Services.Toolstack.Guests;

/// <summary>All guests. A name belongs to one of them at a time.</summary>
internal sealed class GuestTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Guest> _guests = new(StringComparer.Ordinal);

    /// <summary>All guests, in no order.</summary>
    internal IReadOnlyList<Guest> All
    {
        get
        {
            lock (_lock)
                return [.. _guests.Values];
        }
    }

    /// <summary>Takes a guest's name.</summary>
    internal void Add(Guest guest)
    {
        lock (_lock)
        {
            if (_guests.ContainsKey(guest.Name))
                throw NameIsTaken(guest.Name);
            // Records and the nodes below /vm are told apart by it.
            if (_guests.Values.FirstOrDefault(g => g.Record.Config.Uuid == guest.Record.Config.Uuid) is { } other)
                throw Failure.Exists($"the guest '{other.Name}' has the same uuid: leave it out of the configuration, or change it");
            _guests.Add(guest.Name, guest);
        }
    }

    /// <summary>Gives a guest's name back, if it has it.</summary>
    internal void Remove(Guest guest)
    {
        lock (_lock)
        {
            if (_guests.TryGetValue(guest.Name, out Guest? found) && found == guest)
                _guests.Remove(guest.Name);
        }
    }

    /// <summary>Gives a guest another name.</summary>
    internal void Rename(Guest guest, string name)
    {
        lock (_lock)
        {
            if (!_guests.TryAdd(name, guest))
                throw NameIsTaken(name);
            _guests.Remove(guest.Name);
            guest.Change(record => record.Config.Name = name);
        }
    }

    /// <summary>Gives a guest a new name made from its own.</summary>
    internal void RenameAside(Guest guest)
    {
        lock (_lock)
        {
            string name = Enumerable.Range(1, int.MaxValue).Select(n => Numbered(guest.Name, n)).First(n => !_guests.ContainsKey(n));
            Rename(guest, name);
        }
    }

    /// <summary>The guest that an operator means.</summary>
    internal Guest Find(GuestReference? reference) => TryFind(reference) ?? throw Failure.NotFound(reference?.ByCase switch
    {
        GuestReference.ByOneofCase.Name => $"there is no guest named '{reference.Name}'",
        GuestReference.ByOneofCase.Domain => $"there is no guest with the domain number {reference.Domain}",
        _ => "the request names no guest",
    });

    private static Grpc.Core.RpcException NameIsTaken(string name) =>
        Failure.Exists($"there is a guest named '{name}' already: destroy or rename it, or choose another name");

    private static string Numbered(string name, int number)
    {
        string suffix = $"-{number}";
        return string.Concat(name.AsSpan(0, Math.Min(name.Length, ConfigCheck.LongestName - suffix.Length)), suffix);
    }

    private Guest? TryFind(GuestReference? reference)
    {
        lock (_lock)
        {
            return reference?.ByCase switch
            {
                GuestReference.ByOneofCase.Name => _guests.GetValueOrDefault(reference.Name),
                GuestReference.ByOneofCase.Domain when reference.Domain != 0 =>
                    _guests.Values.FirstOrDefault(g => g.Domain == reference.Domain),
                _ => null,
            };
        }
    }
}
