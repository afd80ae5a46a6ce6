namespace Microkernel.XenStore;

/// <summary>A change that is kept for later.</summary>
internal sealed class PlannedChange
{
    private readonly byte[] _path;
    private readonly ChangeKind _kind;
    private readonly byte[]? _value;
    private readonly Permissions? _permissions;
    private readonly int _creator;

    internal PlannedChange(in Change change)
    {
        _path = change.Path.ToArray();
        _kind = change.Kind;
        _value = change.Value;
        _permissions = change.Permissions;
        _creator = change.Creator;
    }

    internal byte[] Path => _path;

    internal Change Change => _kind switch
    {
        ChangeKind.Write => Change.Write(_path, _value!, _creator),
        ChangeKind.Create => Change.Create(_path, _creator),
        ChangeKind.Remove => Change.Remove(_path),
        _ => Change.SetPermissions(_path, _permissions!),
    };
}
