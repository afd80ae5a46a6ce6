using System;
using System.IO;
using System.Threading;

namespace Mk.Images;

/// <summary>Mutual exclusion between processes.</summary>
public static class Turn
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    /// <summary>Waits for the lock on a file; disposing the result gives it up, and so does the end of the process.</summary>
    public static FileStream Take(string file)
    {
        while (true)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                Thread.Sleep(Retry);
            }
        }
    }
}
