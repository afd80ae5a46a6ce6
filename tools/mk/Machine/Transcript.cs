using System;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace Mk.Machine;

/// <summary>What one source has printed, and a place in it up to which somebody has read.</summary>
public sealed class Transcript
{
    private readonly StringBuilder _text = new();
    private int _read;
    private TaskCompletionSource _more = NewSignal();

    /// <summary>Everything printed so far.</summary>
    public override string ToString()
    {
        lock (_text)
            return _text.ToString();
    }

    /// <summary>Adds output.</summary>
    public void Add(string text)
    {
        TaskCompletionSource signal;
        lock (_text)
        {
            _text.Append(text);
            (signal, _more) = (_more, NewSignal());
        }
        signal.SetResult();
    }

    /// <summary>
    /// Looks for a match behind what has been read, and reads on to its end.
    /// </summary>
    /// <param name="pattern">What is looked for.</param>
    /// <param name="more">When there was no match: completes when there is more output.</param>
    /// <returns>The match, or null.</returns>
    public Match? TryRead(Regex pattern, out Task more)
    {
        lock (_text)
        {
            more = _more.Task;
            Match match = pattern.Match(_text.ToString(_read, _text.Length - _read));
            if (!match.Success)
                return null;
            _read += match.Index + match.Length;
            return match;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
