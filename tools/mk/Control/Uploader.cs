using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Threading.Tasks;
using Google.Protobuf;
using Grpc.Core;
using Api = Microkernel.Protos.Toolstack;

namespace Mk.Control;

/// <summary>Brings files to the toolstack, which knows them by their hashes: what is there already is not sent again.</summary>
public sealed class Uploader
{
    /// <summary>Bytes of a part; a message has at most 256 KiB.</summary>
    public const int PartSize = 240 << 10;

    /// <summary>Parts under way, so that no part waits for the answer to the one before.</summary>
    private const int Window = 6;

    private readonly SystemConnection _system;

    /// <summary>Uploads to a system.</summary>
    public Uploader(SystemConnection system) => _system = system;

    /// <summary>Makes sure that the toolstack has a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Receives the bytes that are there, and the size.</param>
    /// <returns>Its hash.</returns>
    /// <exception cref="MkException">The file cannot be read, or changes meanwhile.</exception>
    public async Task<ByteString> SendAsync(string path, Action<long, long> progress)
    {
        try
        {
            byte[] file = await File.ReadAllBytesAsync(path, _system.Cancellation);
            byte[] hash = SHA256.HashData(file);
            await SendAsync(file, hash, have => progress(have, file.Length));
            return ByteString.CopyFrom(hash);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MkException(ExitCode.Usage, $"{path} cannot be read: {e.Message}");
        }
    }

    private async Task SendAsync(byte[] file, byte[] hash, Action<long> progress)
    {
        var begin = new Api.BeginUploadRequest { Sha256 = ByteString.CopyFrom(hash), Size = (ulong)file.Length };
        const int Attempts = 5;
        for (int attempt = 1; ; attempt++)
        {
            Api.BeginUploadResponse begun = await _system.RepeatAsync(options => _system.Toolstack.BeginUploadAsync(begin, options));
            progress((long)begun.Have);
            try
            {
                await SendRestAsync(file, begun, progress);
                return;
            }
            catch (RpcException e) when (attempt < Attempts && e.StatusCode is StatusCode.Unavailable or StatusCode.NotFound)
            {
                // The toolstack has been restarted, or has given the upload up: it says where to go on.
            }
        }
    }

    private async Task SendRestAsync(byte[] file, Api.BeginUploadResponse begun, Action<long> progress)
    {
        var underWay = new Queue<(int Offset, AsyncUnaryCall<Api.UploadResponse> Call)>();
        int next = (int)begun.Have;
        ulong have = begun.Have;
        try
        {
            while (next < file.Length || underWay.Count > 0)
            {
                if (next < file.Length && underWay.Count < Window)
                {
                    underWay.Enqueue((next, SendPart(file, begun.Upload, next)));
                    next += Math.Min(PartSize, file.Length - next);
                    continue;
                }
                (int offset, AsyncUnaryCall<Api.UploadResponse> call) = underWay.Peek();
                have = Math.Max(have, await FinishPartAsync(file, begun.Upload, offset, call));
                progress((long)have);
                underWay.Dequeue();
            }
        }
        finally
        {
            foreach ((_, AsyncUnaryCall<Api.UploadResponse> call) in underWay)
                call.Dispose();
        }
    }

    /// <summary>A part that overtook too many before it was refused, and is sent again when it is the first one.</summary>
    private async Task<ulong> FinishPartAsync(byte[] file, ulong upload, int offset, AsyncUnaryCall<Api.UploadResponse> call)
    {
        try
        {
            return (await call).Have;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.OutOfRange)
        {
            return (await SendPart(file, upload, offset)).Have;
        }
    }

    private AsyncUnaryCall<Api.UploadResponse> SendPart(byte[] file, ulong upload, int offset) => _system.Toolstack.UploadAsync(
        new Api.UploadRequest
        {
            Upload = upload,
            Offset = (ulong)offset,
            Data = UnsafeByteOperations.UnsafeWrap(file.AsMemory(offset, Math.Min(PartSize, file.Length - offset))),
        },
        _system.Brief);
}
