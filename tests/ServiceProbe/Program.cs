using System;
using System.Security.Cryptography;
namespace Microkernel.ServiceProbe;
internal static class Program
{
    private static int Main()
    {
        Console.WriteLine("hello " + Environment.TickCount64);
        try { Console.WriteLine(Guid.NewGuid()); Console.WriteLine(RandomNumberGenerator.GetInt32(100)); } catch (Exception e) { Console.WriteLine(e); }
        return 0;
    }
}
