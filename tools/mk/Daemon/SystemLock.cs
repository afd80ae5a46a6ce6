using System.IO;
using Mk.Control;

namespace Mk.Daemon;

/// <summary>Sees to it that a checkout has one system at a time. The lock goes with its process, however that ends.</summary>
public static class SystemLock
{
    /// <summary>Takes the lock; null if another process has it.</summary>
    public static FileStream? Take()
    {
        Directory.CreateDirectory(SystemFolder.Path);
        try
        {
            return new FileStream(SystemFolder.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(SystemFolder.Lock))
        {
            return null;
        }
    }
}
