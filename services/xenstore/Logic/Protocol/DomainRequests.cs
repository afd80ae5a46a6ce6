using System;
using System.Buffers.Text;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>The requests about domains.</summary>
internal sealed class DomainRequests
{
    private readonly DomainTable _domains;

    internal DomainRequests(DomainTable domains) => _domains = domains;

    internal StoreError Handle(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var arguments = new Arguments(payload);
        switch (header.Type)
        {
            case MessageType.GetDomainPath:
                return GetDomainPath(client, header, ref arguments);
            case MessageType.IsDomainIntroduced:
                return IsDomainIntroduced(client, header, ref arguments);
            case MessageType.Introduce or MessageType.Release or MessageType.Resume or MessageType.SetTarget
                or MessageType.GetFeature or MessageType.SetFeature:
                return client.Caller.IsPrivileged ? HandlePrivileged(client, header, ref arguments) : StoreError.EACCES;
            default:
                return StoreError.ENOSYS;
        }
    }

    private StoreError HandlePrivileged(Client client, in MessageHeader header, ref Arguments arguments)
    {
        if (header.Type == MessageType.GetFeature)
            return GetFeature(client, header, ref arguments);
        if (!arguments.TryTakeDomain(out int domain))
            return StoreError.EINVAL;
        StoreError error = header.Type switch
        {
            MessageType.Introduce => Introduce(domain, ref arguments),
            MessageType.Release => arguments.IsAtEnd ? _domains.Release(domain) : StoreError.EINVAL,
            MessageType.Resume => arguments.IsAtEnd ? _domains.Resume(domain) : StoreError.EINVAL,
            MessageType.SetTarget => SetTarget(domain, ref arguments),
            _ => SetFeature(domain, ref arguments),
        };
        return Replies.OkUnless(error, client, header);
    }

    private StoreError Introduce(int domain, ref Arguments arguments)
    {
        // The frame is decimal and signed, the way Xen's tools print it.
        if (!arguments.TryTake(out ReadOnlySpan<byte> frame) || !arguments.TryTake(out ReadOnlySpan<byte> port)
            || !Utf8Parser.TryParse(frame, out long number, out int used) || used != frame.Length
            || !Decimal.TryParse(port, uint.MaxValue, out uint remotePort) || domain == 0)
            return StoreError.EINVAL;
        return _domains.Introduce(domain, (ulong)number, remotePort, _domains.Find(domain)?.Generation ?? 0);
    }

    private StoreError SetTarget(int domain, ref Arguments arguments) =>
        arguments.TryTakeDomain(out int target) && arguments.IsAtEnd ? _domains.SetTarget(domain, target) : StoreError.EINVAL;

    private StoreError SetFeature(int domain, ref Arguments arguments) =>
        arguments.TryTakeOnly(out ReadOnlySpan<byte> text) && Decimal.TryParse(text, uint.MaxValue, out uint features)
            ? _domains.SetFeatures(domain, features)
            : StoreError.EINVAL;

    private StoreError GetFeature(Client client, in MessageHeader header, ref Arguments arguments)
    {
        if (arguments.IsAtEnd || arguments.Rest is [0])
            return Replies.Number(client, header, ServerFeatures.All);
        if (!arguments.TryTakeDomain(out int domain) || !arguments.IsAtEnd)
            return StoreError.EINVAL;
        return _domains.Find(domain) is { } found ? Replies.Number(client, header, found.Features) : StoreError.ENOENT;
    }

    private static StoreError GetDomainPath(Client client, in MessageHeader header, ref Arguments arguments)
    {
        if (!arguments.TryTakeDomain(out int domain) || !arguments.IsAtEnd)
            return StoreError.EINVAL;
        return Replies.Bytes(client, header, Encoding.ASCII.GetBytes($"/local/domain/{domain}\0"));
    }

    private StoreError IsDomainIntroduced(Client client, in MessageHeader header, ref Arguments arguments)
    {
        if (!arguments.TryTakeDomain(out int domain) || !arguments.IsAtEnd)
            return StoreError.EINVAL;
        // The control domain's own connection is the one that asks.
        bool isIntroduced = domain == 0 || _domains.IsIntroduced(domain);
        return Replies.Bytes(client, header, isIntroduced ? "T\0"u8 : "F\0"u8);
    }
}
