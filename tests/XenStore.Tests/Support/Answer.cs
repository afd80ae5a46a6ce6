namespace Microkernel.XenStore.Tests.Support;

/// <summary>An answer: the text of its payload, or the name of an error.</summary>
internal sealed record Answer(string? Error, string Text)
{
    internal static readonly Answer Ok = new(null, "OK\0");

    internal static Answer Failed(string error) => new(error, "");

    public override string ToString() => Error ?? Text.Replace('\0', '|');
}
