using System;
using System.Diagnostics;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Linq;
using Microkernel.XenStore.Tests.Support;

namespace Microkernel.XenStore.Tests.Survival;

/// <summary>A domain whose ring page is a file, which a server in another process serves.</summary>
internal sealed class FileDomain : IDisposable
{
    private readonly FileStream _bell;
    private readonly FileStream _answer;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    internal FileDomain(string folder, int domain)
    {
        string name = Path.Combine(folder, $"{domain}");
        File.WriteAllBytes(name + ".ring", new byte[4096]);
        using (Process make = Process.Start("mkfifo", [name + ".bell", name + ".answer"]))
            make.WaitForExit();
        _bell = new FileStream(name + ".bell", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _answer = new FileStream(name + ".answer", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _file = MemoryMappedFile.CreateFromFile(name + ".ring", FileMode.Open, null, 4096);
        _view = _file.CreateViewAccessor(0, 4096);
    }

    /// <summary>Sends what there is room for.</summary>
    internal int Write(ReadOnlySpan<byte> bytes)
    {
        uint end = _view.ReadUInt32(RingFields.RequestProducer);
        int count = Math.Min(bytes.Length, RingFields.QueueSize - (int)(end - _view.ReadUInt32(RingFields.RequestConsumer)));
        for (int i = 0; i < count; i++)
            _view.Write(RingFields.Requests + (end + i) % RingFields.QueueSize, bytes[i]);
        System.Threading.Thread.MemoryBarrier();
        _view.Write(RingFields.RequestProducer, end + (uint)count);
        _bell.WriteByte(1);
        return count;
    }

    /// <summary>Takes what has come.</summary>
    internal byte[] Read()
    {
        uint at = _view.ReadUInt32(RingFields.ResponseConsumer), end = _view.ReadUInt32(RingFields.ResponseProducer);
        System.Threading.Thread.MemoryBarrier();
        byte[] bytes = [.. Enumerable.Range(0, (int)(end - at)).Select(i => _view.ReadByte(RingFields.Responses + (at + i) % RingFields.QueueSize))];
        System.Threading.Thread.MemoryBarrier();
        _view.Write(RingFields.ResponseConsumer, end);
        if (bytes.Length > 0)
            _bell.WriteByte(1);
        return bytes;
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
        _bell.Dispose();
        _answer.Dispose();
    }
}
