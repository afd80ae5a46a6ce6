using System;
using System.Collections.Generic;
using System.Linq;

namespace Mk.Xl;

/// <summary>
/// Reads the syntax of xl.cfg(5): <c>key = value</c> or <c>key += value</c>, ended by a line end or a semicolon, where
/// a list may go over several lines. All faults are collected; after one, reading goes on with the next setting.
/// </summary>
public sealed class XlParser
{
    /// <summary>How deep lists may be nested: enough for any real file, little enough for any stack.</summary>
    private const int DeepestList = 32;

    private readonly string _file;
    private readonly XlLexer _lexer;
    private readonly List<Diagnostic> _faults;
    private readonly Dictionary<string, XlSetting> _settings;
    private readonly bool _hasLines;
    private XlToken _token;

    private XlParser(string file, string text, bool hasLines, Dictionary<string, XlSetting> settings, List<Diagnostic> faults)
    {
        _file = file;
        _lexer = new XlLexer(text);
        _hasLines = hasLines;
        _settings = settings;
        _faults = faults;
        _token = _lexer.Next();
    }

    /// <summary>Reads a whole file.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="faults">Receives what is wrong.</param>
    /// <returns>The settings in the order of the file; of a key that is set twice, the last one, as in xl.</returns>
    public static IReadOnlyList<XlSetting> Parse(string file, string text, List<Diagnostic> faults) => Parse(file, text, [], faults);

    /// <summary>Reads a whole file, and settings of the command line as if they stood behind it.</summary>
    /// <param name="file">Its name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <param name="words">Settings, each key=value. Shells take quotes away: a value that is no value of the syntax is a string.</param>
    /// <param name="faults">Receives what is wrong.</param>
    public static IReadOnlyList<XlSetting> Parse(string file, string text, IReadOnlyList<string> words, List<Diagnostic> faults)
    {
        Dictionary<string, XlSetting> settings = [];
        new XlParser(file, text, hasLines: true, settings, faults).All();
        foreach (string word in words)
            new XlParser($"'{word}'", Quote(word), hasLines: false, settings, faults).All();
        return [.. settings.Values.OrderBy(static s => s.Line)];
    }

    private static string Quote(string word)
    {
        int start = word.IndexOf('=', StringComparison.Ordinal) + 1;
        string value = word[start..].Trim();
        bool isValue = start == 0 || value is ['"' or '\'' or '[', ..] || value.All(static c => char.IsAsciiLetterOrDigit(c)) && char.IsAsciiDigit(value.FirstOrDefault());
        return isValue ? word : word[..start] + '"' + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
    }

    private void All()
    {
        while (_token.Kind != XlTokenKind.End)
            Statement();
    }

    private void Advance() => _token = _lexer.Next();

    private void Statement()
    {
        if (!_token.EndsSetting && !Setting())
        {
            while (!_token.EndsSetting)
                Advance();
        }
        Advance();
    }

    private bool Setting()
    {
        XlToken key = _token;
        if (key.Kind != XlTokenKind.Identifier)
            return Fault("a setting starts with a key");
        Advance();
        bool append = _token.Is("+=");
        if (!append && !_token.Is("="))
            return Fault($"'=' is missing after '{key.Text}'");
        Advance();
        if (Value(0) is not { } value)
            return false;
        if (!_token.EndsSetting)
            return Fault($"the value of '{key.Text}' ends here, a line end or ';' is missing");
        return Store(key, append, value);
    }

    private bool Store(XlToken key, bool append, XlValue value)
    {
        if (append && _settings.TryGetValue(key.Text, out XlSetting? before))
        {
            XlValue? sum = Concatenate(before.Value, value);
            if (sum is null)
            {
                _faults.Add(new(_file, LineOf(key), $"'{key.Text} +=' joins a list and a string"));
                return false;
            }
            value = sum;
        }
        _settings[key.Text] = new(key.Text, value, _file, LineOf(key));
        return true;
    }

    private static XlValue? Concatenate(XlValue before, XlValue added) => (before, added) switch
    {
        (XlAtom a, XlAtom b) => new XlAtom(a.Text + b.Text, b.Line),
        (XlList a, XlList b) => new XlList([.. a.Items, .. b.Items], b.Line),
        _ => null,
    };

    private XlValue? Value(int depth)
    {
        XlToken token = _token;
        if (token.Kind is XlTokenKind.String or XlTokenKind.Number)
        {
            Advance();
            return new XlAtom(token.Text, token.Line);
        }
        if (!token.Is("["))
        {
            Fault(token.Kind == XlTokenKind.Identifier ? "a string needs quotes" : "a value is missing");
            return null;
        }
        if (depth == DeepestList)
        {
            Fault("lists are nested too deeply");
            return null;
        }
        return List(depth);
    }

    private XlList? List(int depth)
    {
        int line = _token.Line;
        Advance();
        var items = new List<XlValue>();
        SkipNewLines();
        while (!_token.Is("]"))
        {
            if (Value(depth + 1) is not { } item)
                return null;
            items.Add(item);
            SkipNewLines();
            if (!_token.Is(",") && !_token.Is("]"))
            {
                Fault("',' or ']' is missing in the list");
                return null;
            }
            if (_token.Is(","))
                Advance();
            SkipNewLines();
        }
        Advance();
        return new XlList(items, line);
    }

    private void SkipNewLines()
    {
        while (_token.Kind == XlTokenKind.NewLine)
            Advance();
    }

    /// <summary>Reports a fault at the current token; always false, so that callers can return it.</summary>
    private bool Fault(string message)
    {
        string text = _token.Kind == XlTokenKind.Invalid ? _token.Text : $"{message}, but here is {_token.Shown}";
        _faults.Add(new(_file, LineOf(_token), text));
        return false;
    }

    private int LineOf(XlToken token) => _hasLines ? token.Line : 0;
}
