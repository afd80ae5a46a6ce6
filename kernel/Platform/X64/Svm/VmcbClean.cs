using System;

namespace Microkernel.Platform.Svm;

/// <summary>
/// Clean bits (AMD APM vol. 2, 15.15.3): a set bit says that software has not changed that part of the control block
/// since this CPU last ran it.
/// </summary>
[Flags]
internal enum VmcbClean : uint
{
    /// <summary>Everything may have changed: after a move to another CPU, and always where the CPU has no clean bits.</summary>
    None = 0,

    /// <summary>Intercepts, TSC offset, pause filter.</summary>
    Intercepts = 1 << 0,

    /// <summary>Addresses of the permission maps.</summary>
    PermissionMaps = 1 << 1,

    /// <summary>ASID.</summary>
    Asid = 1 << 2,

    /// <summary>Virtual interrupt control, 060h to 067h.</summary>
    VirtualInterrupt = 1 << 3,

    /// <summary>Nested paging: nCR3, gPAT.</summary>
    NestedPaging = 1 << 4,

    /// <summary>CR0, CR3, CR4, EFER.</summary>
    ControlRegisters = 1 << 5,

    /// <summary>DR6, DR7.</summary>
    DebugRegisters = 1 << 6,

    /// <summary>GDTR, IDTR.</summary>
    DescriptorTables = 1 << 7,

    /// <summary>CS, DS, SS, ES, CPL.</summary>
    Segments = 1 << 8,

    /// <summary>CR2.</summary>
    Cr2 = 1 << 9,

    /// <summary>All of the above and the parts that are never changed here.</summary>
    All = 0xFFF,
}
