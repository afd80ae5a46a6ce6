using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Microkernel.XenStore;

/// <summary>CONTROL's commands, and quotas.</summary>
internal sealed class ControlRequests
{
    private const string Commands = "check,help,live-update,log,logfile,memreport,print,quota,quota-soft";

    private readonly Store _store;
    private readonly DomainTable _domains;
    private readonly ControlHost _host;

    internal ControlRequests(Store store, DomainTable domains, ControlHost host)
    {
        _store = store;
        _domains = domains;
        _host = host;
    }

    /// <summary>Whether every request is written to the log.</summary>
    internal bool IsLogging { get; private set; }

    /// <summary>Writes a line to the log.</summary>
    internal void Log(string line) => _host.Print(line);

    internal StoreError Handle(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        List<string> words = [];
        var arguments = new Arguments(payload);
        while (arguments.TryTake(out ReadOnlySpan<byte> word))
            words.Add(Encoding.Latin1.GetString(word));
        if (words.Count == 0)
            return StoreError.EINVAL;
        StoreError error = Execute(words[0], words.ToArray().AsSpan(1), out string answer);
        return error != StoreError.None ? error : Text(client, header, answer);
    }

    internal StoreError HandleQuota(Client client, in MessageHeader header, ReadOnlySpan<byte> payload)
    {
        var arguments = new Arguments(payload);
        List<byte[]> words = [];
        while (arguments.TryTake(out ReadOnlySpan<byte> word))
        {
            if (!word.IsEmpty)
                words.Add(word.ToArray());
        }
        return header.Type == MessageType.GetQuota ? GetQuota(client, header, words) : SetQuota(client, header, words);
    }

    private bool HasTransactions() => _store.Accounts.All.Any(static a => a.Transactions > 0);

    private StoreError GetQuota(Client client, in MessageHeader header, List<byte[]> words)
    {
        if (words.Count == 0)
            return Text(client, header, string.Join(' ', QuotaSet.Names.ToArray()));
        uint domain = 0;
        if (words.Count > 2 || !QuotaSet.TryFind(words[^1], out Quota quota)
            || words.Count == 2 && !Decimal.TryParse(words[0], ushort.MaxValue, out domain))
            return StoreError.EINVAL;
        QuotaSet quotas = words.Count == 2 ? _store.Accounts.Of((int)domain).Quotas : _store.Accounts.Defaults;
        return Replies.Number(client, header, quotas[quota]);
    }

    private StoreError SetQuota(Client client, in MessageHeader header, List<byte[]> words)
    {
        uint domain = 0;
        if (words.Count is < 2 or > 3 || !QuotaSet.TryFind(words[^2], out Quota quota)
            || !Decimal.TryParse(words[^1], int.MaxValue, out uint value)
            || words.Count == 3 && !Decimal.TryParse(words[0], ushort.MaxValue, out domain))
            return StoreError.EINVAL;
        _store.SetQuota(words.Count == 3 ? (int)domain : -1, quota, value);
        return Replies.Ok(client, header);
    }

    private StoreError Execute(string command, ReadOnlySpan<string> rest, out string answer)
    {
        answer = "OK";
        switch (command)
        {
            case "help":
                answer = Commands;
                return StoreError.None;
            case "check":
                answer = StoreCheck.Run(_store) ?? "OK";
                return StoreError.None;
            case "log" when rest is ["on"] or ["off"]:
                IsLogging = rest[0] == "on";
                return StoreError.None;
            case "logfile" when rest.Length == 1:
                return _host.SetLogFile(rest[0]) ? StoreError.None : StoreError.EINVAL;
            case "print" when rest.Length == 1:
                _host.Print(rest[0]);
                return StoreError.None;
            case "memreport" when rest.Length <= 1:
                return _host.Report(rest.Length == 1 ? rest[0] : "", StoreReport.Write(_store, _domains)) ? StoreError.None : StoreError.EINVAL;
            case "live-update" when rest.Length > 0:
                answer = rest[0] == "-s" && !rest.Contains("-F") && HasTransactions() ? "BUSY" : _host.LiveUpdate(rest);
                return StoreError.None;
            case "quota" or "quota-soft":
                return ExecuteQuota(command, rest, out answer);
            default:
                return StoreError.EINVAL;
        }
    }

    private StoreError ExecuteQuota(string command, ReadOnlySpan<string> rest, out string answer)
    {
        answer = "OK";
        switch (rest)
        {
            case []:
                // There are no limits that only warn.
                answer = command == "quota" ? StoreReport.Quotas(_store.Accounts.Defaults) : "";
                return StoreError.None;
            case ["set", var name, var text] when command == "quota":
                if (!QuotaSet.TryFind(Encoding.Latin1.GetBytes(name), out Quota quota)
                    || !uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint value) || value > int.MaxValue)
                    return StoreError.EINVAL;
                _store.SetQuota(-1, quota, value);
                return StoreError.None;
            case [var domain] when command == "quota" && ushort.TryParse(domain, NumberStyles.None, CultureInfo.InvariantCulture, out ushort id):
                answer = StoreReport.Usage(_store.Accounts.Of(id));
                return StoreError.None;
            default:
                return StoreError.EINVAL;
        }
    }

    private static StoreError Text(Client client, in MessageHeader header, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text + "\0");
        return Replies.Bytes(client, header, bytes.AsSpan(0, Math.Min(bytes.Length, MessageHeader.LargestPayload)));
    }
}
