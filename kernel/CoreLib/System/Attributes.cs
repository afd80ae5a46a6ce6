namespace System
{
    /// <summary>The base of all attributes.</summary>
    public abstract class Attribute;

    /// <summary>Where an attribute may stand.</summary>
    public enum AttributeTargets
    {
        /// <summary>An assembly.</summary>
        Assembly = 1,

        /// <summary>A module.</summary>
        Module = 2,

        /// <summary>A class.</summary>
        Class = 4,

        /// <summary>A struct.</summary>
        Struct = 8,

        /// <summary>An enumeration.</summary>
        Enum = 16,

        /// <summary>A constructor.</summary>
        Constructor = 32,

        /// <summary>A method.</summary>
        Method = 64,

        /// <summary>A property.</summary>
        Property = 128,

        /// <summary>A field.</summary>
        Field = 256,

        /// <summary>An event.</summary>
        Event = 512,

        /// <summary>An interface.</summary>
        Interface = 1024,

        /// <summary>A parameter.</summary>
        Parameter = 2048,

        /// <summary>A delegate.</summary>
        Delegate = 4096,

        /// <summary>A returned value.</summary>
        ReturnValue = 8192,

        /// <summary>A type parameter.</summary>
        GenericParameter = 16384,

        /// <summary>Anything.</summary>
        All = 32767,
    }

    /// <summary>Where an attribute may stand.</summary>
    public sealed class AttributeUsageAttribute(AttributeTargets validOn) : Attribute
    {
        /// <summary>Where it may stand.</summary>
        public AttributeTargets ValidOn { get; } = validOn;

        /// <summary>Whether it may stand there more than once.</summary>
        public bool AllowMultiple { get; set; }

        /// <summary>Whether derived types have it too.</summary>
        public bool Inherited { get; set; }
    }

    /// <summary>An enumeration of bits.</summary>
    public sealed class FlagsAttribute : Attribute;

    /// <summary>The last parameter takes any number of arguments.</summary>
    public sealed class ParamArrayAttribute : Attribute;

    /// <summary>Not to be used any more.</summary>
    public sealed class ObsoleteAttribute(string? message = null, bool error = false) : Attribute
    {
        /// <summary>What to use instead.</summary>
        public string? Message { get; } = message;

        /// <summary>Whether using it is an error.</summary>
        public bool IsError { get; } = error;
    }
}

namespace System.Reflection
{
    /// <summary>Names the indexer of a type.</summary>
    public sealed class DefaultMemberAttribute(string memberName) : Attribute
    {
        /// <summary>Its name.</summary>
        public string MemberName { get; } = memberName;
    }
}

namespace System.Diagnostics
{
    /// <summary>Calls are left out unless the symbol is defined.</summary>
    [AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
    public sealed class ConditionalAttribute(string conditionString) : Attribute
    {
        /// <summary>The symbol.</summary>
        public string ConditionString { get; } = conditionString;
    }

    namespace CodeAnalysis
    {
        /// <summary>The method never comes back.</summary>
        public sealed class DoesNotReturnAttribute : Attribute;

        /// <summary>The method does not come back when the argument has this value.</summary>
        public sealed class DoesNotReturnIfAttribute(bool parameterValue) : Attribute
        {
            /// <summary>The value.</summary>
            public bool ParameterValue { get; } = parameterValue;
        }

        /// <summary>The argument is not null when the method returns this value.</summary>
        public sealed class NotNullWhenAttribute(bool returnValue) : Attribute
        {
            /// <summary>The value.</summary>
            public bool ReturnValue { get; } = returnValue;
        }

        /// <summary>The value may be null.</summary>
        public sealed class MaybeNullAttribute : Attribute;

        /// <summary>The named members are not null when the method returns.</summary>
        public sealed class MemberNotNullAttribute(string member) : Attribute
        {
            /// <summary>The member.</summary>
            public string Member { get; } = member;
        }

        /// <summary>A ref parameter that may outlive the call.</summary>
        public sealed class UnscopedRefAttribute : Attribute;

        /// <summary>Why a warning does not apply.</summary>
        [AttributeUsage(AttributeTargets.All, AllowMultiple = true)]
        public sealed class SuppressMessageAttribute(string category, string checkId) : Attribute
        {
            /// <summary>The warning's category.</summary>
            public string Category { get; } = category;

            /// <summary>The warning.</summary>
            public string CheckId { get; } = checkId;

            /// <summary>Why.</summary>
            public string? Justification { get; set; }
        }
    }
}
