using System;

namespace Microkernel.XenStore;

/// <summary>Somebody's wish to hear of changes at a path or below it.</summary>
public sealed class Watch
{
    /// <summary>What a watch weighs beside its path and token.</summary>
    private const int BareSize = 256;

    private readonly int _baseLength;

    /// <summary>Makes a watch.</summary>
    /// <param name="watcher">Who hears of it.</param>
    /// <param name="path">What is watched: an absolute path, or a special event.</param>
    /// <param name="baseLength">How much of paths the watcher does not want to see: it named the path relative to that.</param>
    /// <param name="token">What the watcher knows the watch by.</param>
    /// <param name="depth">How far below; negative for no limit.</param>
    public Watch(Watcher watcher, byte[] path, int baseLength, byte[] token, int depth)
    {
        Watcher = watcher;
        Path = path;
        Token = token;
        Depth = depth;
        _baseLength = baseLength;
    }

    /// <summary>Who hears of it.</summary>
    public Watcher Watcher { get; }

    /// <summary>What is watched.</summary>
    public byte[] Path { get; }

    /// <summary>What the watcher knows it by.</summary>
    public byte[] Token { get; }

    /// <summary>How far below the path it reaches; negative for no limit.</summary>
    public int Depth { get; }

    /// <summary>About how much memory it takes.</summary>
    public int Weight => BareSize + Path.Length + Token.Length;

    /// <summary>How much of paths the watcher does not want to see.</summary>
    public int BaseLength => _baseLength;

    /// <summary>The watched path as the watcher wrote it.</summary>
    public ReadOnlySpan<byte> OwnPath => Path.AsSpan(_baseLength);

    /// <summary>Whether it reaches a path that is at the watched one or below it.</summary>
    public bool Reaches(ReadOnlySpan<byte> path) => Depth < 0 || PathRules.Depth(path) - PathRules.Depth(Path) <= Depth;

    /// <summary>Tells the watcher of a path.</summary>
    public void Fire(ReadOnlySpan<byte> path) => Watcher.Hear(this, path[_baseLength..]);
}
