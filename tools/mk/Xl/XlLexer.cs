using System;
using System.Globalization;
using System.Text;

namespace Mk.Xl;

/// <summary>Splits the text of an xl.cfg file into tokens. It never throws: what is no token is reported as one.</summary>
public sealed class XlLexer
{
    private readonly string _text;
    private int _at;
    private int _line = 1;

    /// <summary>Starts at the beginning of <paramref name="text"/>.</summary>
    public XlLexer(string text) => _text = text;

    /// <summary>The next token; after the last one, <see cref="XlTokenKind.End"/> for ever.</summary>
    public XlToken Next()
    {
        SkipBlanksAndComment();
        if (_at >= _text.Length)
            return Token(XlTokenKind.End, "");
        char c = _text[_at];
        if (c == '\n')
            return NewLine();
        if (c is '"' or '\'')
            return QuotedString(c);
        if (char.IsAsciiLetter(c) || c == '_')
            return Token(XlTokenKind.Identifier, TakeWhile(static x => char.IsAsciiLetterOrDigit(x) || x == '_'));
        if (char.IsAsciiDigit(c) || (c == '-' && char.IsAsciiDigit(Peek(1))))
            return Number();
        return PunctuationMark(c);
    }

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private XlToken Token(XlTokenKind kind, string text) => new(kind, text, _line);

    private void SkipBlanksAndComment()
    {
        TakeWhile(static x => x is ' ' or '\t' or '\r');
        if (Peek(0) == '#')
            TakeWhile(static x => x != '\n');
    }

    private string TakeWhile(Func<char, bool> wanted)
    {
        int start = _at;
        while (_at < _text.Length && wanted(_text[_at]))
            _at++;
        return _text[start.._at];
    }

    private XlToken NewLine()
    {
        XlToken token = Token(XlTokenKind.NewLine, "\n");
        _at++;
        _line++;
        return token;
    }

    private XlToken Number()
    {
        string sign = Peek(0) == '-' ? "-" : "";
        _at += sign.Length;
        return Token(XlTokenKind.Number, sign + TakeWhile(char.IsAsciiLetterOrDigit));
    }

    private XlToken PunctuationMark(char c)
    {
        if (c == '+' && Peek(1) == '=')
        {
            _at += 2;
            return Token(XlTokenKind.Punctuation, "+=");
        }
        _at++;
        return c is '=' or '[' or ']' or ',' or ';'
            ? Token(XlTokenKind.Punctuation, c.ToString())
            : Token(XlTokenKind.Invalid, $"unexpected character '{c}'");
    }

    private XlToken QuotedString(char quote)
    {
        _at++;
        var value = new StringBuilder();
        string? fault = null;
        while (Peek(0) != quote)
        {
            if (_at >= _text.Length || _text[_at] == '\n')
                return Token(XlTokenKind.Invalid, $"the string is not closed: a {quote} is missing on this line");
            if (_text[_at] == '\\')
                fault = Escape(value) ?? fault;
            else
                value.Append(_text[_at++]);
        }
        _at++;
        return fault is null ? Token(XlTokenKind.String, value.ToString()) : Token(XlTokenKind.Invalid, fault);
    }

    /// <summary>Replaces one escape sequence; the reason when it is none.</summary>
    private string? Escape(StringBuilder value)
    {
        const string Letters = "abfnrtv\\\"'";
        const string Values = "\a\b\f\n\r\t\v\\\"'";
        char c = Peek(1);
        int known = Letters.IndexOf(c, StringComparison.Ordinal);
        if (known >= 0)
        {
            value.Append(Values[known]);
            _at += 2;
            return null;
        }
        if (c == 'x' && char.IsAsciiHexDigit(Peek(2)) && char.IsAsciiHexDigit(Peek(3)))
        {
            value.Append((char)byte.Parse(_text.AsSpan(_at + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            _at += 4;
            return null;
        }
        _at++;
        return $"unknown escape sequence '\\{(char.IsControl(c) ? ' ' : c)}' in a string (write \\\\ for a backslash)";
    }
}
