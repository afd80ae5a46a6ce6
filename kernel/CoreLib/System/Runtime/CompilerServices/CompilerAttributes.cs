namespace System.Runtime.CompilerServices;

/// <summary>How to compile a method.</summary>
[Flags]
public enum MethodImplOptions
{
    /// <summary>Not into its callers.</summary>
    NoInlining = 8,

    /// <summary>As it is written.</summary>
    NoOptimization = 64,

    /// <summary>Into its callers.</summary>
    AggressiveInlining = 256,

    /// <summary>The linker finds it.</summary>
    InternalCall = 4096,
}

/// <summary>How to compile a method.</summary>
public sealed class MethodImplAttribute(MethodImplOptions options) : Attribute
{
    /// <summary>How.</summary>
    public MethodImplOptions Value { get; } = options;
}

/// <summary>The compiler knows the method and may replace it.</summary>
internal sealed class IntrinsicAttribute : Attribute;

/// <summary>The method extends its first parameter.</summary>
public sealed class ExtensionAttribute : Attribute;

/// <summary>The compiler made it.</summary>
public sealed class CompilerGeneratedAttribute : Attribute;

/// <summary>A struct that is this many of its only field.</summary>
public sealed class InlineArrayAttribute(int length) : Attribute
{
    /// <summary>How many.</summary>
    public int Length { get; } = length;
}

/// <summary>The type takes the parts of an interpolated string.</summary>
public sealed class InterpolatedStringHandlerAttribute : Attribute;

/// <summary>A fixed buffer in a struct.</summary>
public sealed class FixedBufferAttribute(Type elementType, int length) : Attribute
{
    /// <summary>Type of its elements.</summary>
    public Type ElementType { get; } = elementType;

    /// <summary>How many.</summary>
    public int Length { get; } = length;
}

/// <summary>A struct with a fixed buffer.</summary>
public sealed class UnsafeValueTypeAttribute : Attribute;

/// <summary>Locals need not be zeroed.</summary>
public sealed class SkipLocalsInitAttribute : Attribute;

/// <summary>The names of the elements of a tuple.</summary>
public sealed class TupleElementNamesAttribute(string?[] transformNames) : Attribute
{
    /// <summary>The names.</summary>
    public string?[] TransformNames { get; } = transformNames;
}

/// <summary>The assembly lets another one see its internal members.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class InternalsVisibleToAttribute(string assemblyName) : Attribute
{
    /// <summary>The other one.</summary>
    public string AssemblyName { get; } = assemblyName;
}

/// <summary>The member must be set where an object is made.</summary>
public sealed class RequiredMemberAttribute : Attribute;

/// <summary>Using the member needs a newer compiler.</summary>
[AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
public sealed class CompilerFeatureRequiredAttribute(string featureName) : Attribute
{
    /// <summary>The feature.</summary>
    public string FeatureName { get; } = featureName;
}

/// <summary>Marks the setter of a property as usable where an object is made only.</summary>
public static class IsExternalInit
{
}

/// <summary>Marks a volatile field.</summary>
public static class IsVolatile
{
}

/// <summary>Marks the unmanaged calling convention.</summary>
public class CallConvCdecl
{
}

/// <summary>What the C# compiler may rely on.</summary>
public static class RuntimeFeature
{
    /// <summary>References as fields.</summary>
    public const string ByRefFields = nameof(ByRefFields);

    /// <summary>Ref structs as type arguments.</summary>
    public const string ByRefLikeGenerics = nameof(ByRefLikeGenerics);

    /// <summary>Methods with a body in interfaces.</summary>
    public const string DefaultImplementationsOfInterfaces = nameof(DefaultImplementationsOfInterfaces);

    /// <summary>nint is IntPtr.</summary>
    public const string NumericIntPtr = nameof(NumericIntPtr);

    /// <summary>Function pointers.</summary>
    public const string UnmanagedSignatureCallingConvention = nameof(UnmanagedSignatureCallingConvention);

    /// <summary>Static abstract members.</summary>
    public const string VirtualStaticsInInterfaces = nameof(VirtualStaticsInInterfaces);
}
