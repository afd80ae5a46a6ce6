using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Mk.Xl;

/// <summary>The values of some settings by key, as what they should be; what is none is a fault.</summary>
internal sealed class SettingValues
{
    private readonly string _file;
    private readonly List<Diagnostic> _faults;
    private readonly Dictionary<string, XlSetting> _settings;

    /// <summary>Reads settings.</summary>
    /// <param name="file">The file that faults without a setting belong to.</param>
    /// <param name="settings">The settings, each key once.</param>
    /// <param name="faults">Receives what is wrong.</param>
    internal SettingValues(string file, IReadOnlyList<XlSetting> settings, List<Diagnostic> faults)
    {
        _file = file;
        _faults = faults;
        _settings = settings.ToDictionary(static s => s.Key);
    }

    /// <summary>The keys that are set.</summary>
    internal IEnumerable<string> Keys => _settings.Keys;

    /// <summary>Whether a key is set.</summary>
    internal bool Has(string key) => _settings.ContainsKey(key);

    /// <summary>Whether a key is set to a list.</summary>
    internal bool IsList(string key) => _settings.GetValueOrDefault(key)?.Value is XlList;

    /// <summary>A value as text; null if it is not there, or a list.</summary>
    internal string? Text(string key)
    {
        if (!_settings.TryGetValue(key, out XlSetting? setting))
            return null;
        if (setting.Value is XlAtom atom)
            return atom.Text;
        Fault(key, $"'{key}' is one value, not a list");
        return null;
    }

    /// <summary>A value as a number; null if it is not there, or none in the range.</summary>
    internal long? Integer(string key, long least, long most)
    {
        if (Text(key) is not { } text)
            return null;
        if (ParseInteger(text) is not { } value)
            Fault(key, $"{key} = {text} is not a number");
        else if (value < least || value > most)
            Fault(key, $"{key} = {value} is out of range ({least} to {most})");
        else
            return value;
        return null;
    }

    /// <summary>Reports a key that must be there, unless it is there and wrong, and stands in for it.</summary>
    internal T Missing<T>(string key, string what, T standIn)
    {
        if (!Has(key))
            Fault(key, $"'{key}' is missing: {what}");
        return standIn;
    }

    /// <summary>Reports a fault at a key's place, or of the whole file if it is not there.</summary>
    internal void Fault(string key, string message)
    {
        XlSetting? setting = _settings.GetValueOrDefault(key);
        var fault = new Diagnostic(setting?.File ?? _file, setting?.Line ?? 0, message);
        if (!_faults.Contains(fault))
            _faults.Add(fault);
    }

    /// <summary>Reads a number as C's strtol with base 0 does: decimal, octal with a 0, hexadecimal with 0x before it.</summary>
    private static long? ParseInteger(string text)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long h) ? h : null;
        if (text.Length > 1 && text[0] == '0')
            return text.Length < 20 && text.All(static c => c is >= '0' and <= '7') ? Convert.ToInt64(text, 8) : null;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long d) ? d : null;
    }
}
