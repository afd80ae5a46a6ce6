namespace Microkernel.Platform.Svm;

/// <summary>Numbers of the model-specific registers that SVM and the speculation controls deal with (AMD APM vol. 2, appendix A).</summary>
internal static class Msr
{
    internal const uint SpecCtrl = 0x48;
    internal const uint PredictionCommand = 0x49;
    internal const uint ArchCapabilities = 0x10A;
    internal const uint FlushCommand = 0x10B;
    internal const uint SysenterCs = 0x174;
    internal const uint SysenterEsp = 0x175;
    internal const uint SysenterEip = 0x176;
    internal const uint Pat = 0x277;
    internal const uint Efer = 0xC000_0080;
    internal const uint Star = 0xC000_0081;
    internal const uint Lstar = 0xC000_0082;
    internal const uint Cstar = 0xC000_0083;
    internal const uint Sfmask = 0xC000_0084;
    internal const uint FsBase = 0xC000_0100;
    internal const uint GsBase = 0xC000_0101;
    internal const uint KernelGsBase = 0xC000_0102;
    internal const uint TscAux = 0xC000_0103;
    internal const uint VmCr = 0xC001_0114;
    internal const uint HostSaveArea = 0xC001_0117;
    internal const uint DecodeConfiguration = 0xC001_1029;
}
