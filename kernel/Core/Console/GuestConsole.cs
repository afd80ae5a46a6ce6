using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microkernel.Core.Domains;
using Microkernel.Core.Hardware;

namespace Microkernel.Core.Console;

/// <summary>
/// The back end of a domain's PV console (struct xencons_interface, xen/io/console.h). The ring is the guest's memory: its indices are
/// read once, and what they say is bounded by the ring's size. Everything but <see cref="OnNotify"/> is called with the multiplexer's
/// turn held.
/// </summary>
public sealed class GuestConsole
{
    // Offsets: in[1024], out[2048], then the indices.
    private const int InSize = 1024;
    private const int OutSize = 2048;
    private const int OutAt = InSize;
    private const int InConsumed = (InSize + OutSize) / sizeof(uint);
    private const int InProduced = InConsumed + 1;
    private const int OutConsumed = InConsumed + 2;
    private const int OutProduced = InConsumed + 3;

    // Input that waits for room in the ring.
    private const int HeldSize = 256;

    private readonly Domain _domain;
    private readonly byte[] _held = new byte[HeldSize];
    private uint _heldProduced;
    private uint _heldConsumed;
    private ulong _ring;
    private uint _port;
    private bool _wantsService;

    /// <summary>The console of a domain slot. Only during start-up: it allocates.</summary>
    public GuestConsole(Domain domain) => _domain = domain;

    /// <summary>It has a ring.</summary>
    public bool IsAttached => _ring != 0;

    /// <summary>The guest has told that it changed the ring, or input waits.</summary>
    public bool WantsService => Volatile.Read(ref _wantsService);

    /// <summary>Connects a new domain's console: the ring's page, the port, and the parameters that name both.</summary>
    public bool TryAttach()
    {
        _heldConsumed = _heldProduced;
        if (!_domain.Memory.TryPin(GuestLayout.ConsoleGfn, out ulong ring))
            return false;

        _ring = ring;
        _domain.Parameters[HvmParameters.ConsolePfn] = GuestLayout.ConsoleGfn;
        bool isBound = _domain.Events.BindCore(out _port) == 0;
        _domain.Parameters[HvmParameters.ConsoleEventChannel] = _port;
        return isBound;
    }

    /// <summary>Lets go of the ring of a domain that has ended; false: another CPU is serving it, try again.</summary>
    public bool TryDetach()
    {
        if (_ring == 0)
            return true;

        if (!_domain.Kernel.Consoles.TryTakeTurn())
            return false;

        _domain.Memory.Unpin(_ring);
        _ring = 0;
        _wantsService = false;
        _domain.Kernel.Consoles.EndTurn();
        return true;
    }

    /// <summary>The guest has sent an event: serve it on its own time as far as that goes. No lock held.</summary>
    public void OnNotify()
    {
        AskAgain();
        _domain.Kernel.Consoles.ServeNow(_domain);
    }

    /// <summary>Writes out what the ring of a domain that has ended still holds; true when it is empty.</summary>
    public bool Drain() => _ring == 0 || _domain.Kernel.Consoles.TryDrain(_domain);

    /// <summary>Keeps a byte of input for the guest until its ring has room; when too much waits, the byte is lost.</summary>
    public void AddInput(byte value)
    {
        if (_heldProduced - _heldConsumed < HeldSize && _ring != 0)
        {
            _held[(int)(_heldProduced++ % HeldSize)] = value;
            AskAgain();
        }
    }

    /// <summary>Takes at most as many bytes of output as fit; 0 if there is none.</summary>
    public int TakeOutput(Span<byte> bytes)
    {
        if (_ring == 0)
            return 0;

        using FrameView view = new(_domain.Kernel.Machine.Memory, _ring);
        Span<uint> indices = view.As<uint>();
        uint consumed = indices[OutConsumed];
        uint available = Volatile.Read(ref indices[OutProduced]) - consumed;
        int count = (int)Math.Min(Math.Min(available, OutSize), (uint)bytes.Length);
        for (int i = 0; i < count; i++)
            bytes[i] = view.Bytes[OutAt + (int)((consumed + (uint)i) % OutSize)];

        // A guest whose indices make no sense loses what it claims to have written.
        uint taken = available > OutSize ? available : (uint)count;
        Volatile.Write(ref indices[OutConsumed], consumed + taken);
        return count;
    }

    /// <summary>Moves input that waits into the ring as far as there is room; true if anything moved.</summary>
    public bool GiveInput()
    {
        if (_ring == 0 || _heldProduced == _heldConsumed)
            return false;

        using FrameView view = new(_domain.Kernel.Machine.Memory, _ring);
        Span<uint> indices = view.As<uint>();
        uint produced = indices[InProduced];
        uint used = produced - Volatile.Read(ref indices[InConsumed]);
        uint room = used < InSize ? InSize - used : 0;
        uint count = Math.Min(room, _heldProduced - _heldConsumed);
        for (uint i = 0; i < count; i++)
            view.Bytes[(int)((produced + i) % InSize)] = _held[(int)(_heldConsumed++ % HeldSize)];

        Volatile.Write(ref indices[InProduced], produced + count);
        return count != 0;
    }

    /// <summary>About to be served: what comes from now on asks anew.</summary>
    public void BeginService() => Volatile.Write(ref _wantsService, false);

    /// <summary>Something is left to do.</summary>
    public void AskAgain()
    {
        Volatile.Write(ref _wantsService, true);
        _domain.Kernel.Consoles.Ask();
    }

    /// <summary>Tells the guest that the ring has changed.</summary>
    public void Notify() => _domain.Events.NotifyFromCore(_port);
}
