using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Mk.Tracing;

/// <summary>Colours and fonts of the picture, for light and dark viewers. Guests have bright colours, services greys.</summary>
internal static class SvgStyle
{
    private static readonly string[] s_guests = ["#4c86c6", "#e2872d", "#4fa35a", "#b9609f", "#2fa5a0", "#c9a227", "#8f6fd0", "#d6635c", "#7c9a35", "#a5714b"];
    private static readonly string[] s_services = ["#8793a5", "#a39a86", "#8f8b9e", "#7f9a94", "#a38b8b"];

    /// <summary>The class of each domain, and the rules of all classes.</summary>
    internal static (Dictionary<uint, string> Classes, string Rules) Of(IReadOnlyList<TraceDomain> domains)
    {
        StringBuilder rules = new(Common);
        Dictionary<uint, string> classes = [];
        foreach (IGrouping<bool, TraceDomain> kind in domains.GroupBy(static d => d.IsService))
        {
            foreach ((int place, TraceDomain domain) in kind.Index())
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"{(kind.Key ? 's' : 'g')}{place}");
                classes[domain.Domain] = name;
                rules.Append(CultureInfo.InvariantCulture, $".{name}{{fill:{(kind.Key ? s_services[place % s_services.Length] : Guest(place))}}}\n");
            }
        }

        return (classes, rules.Append(Dark).ToString());
    }

    // Past the ones that were chosen hues go round by the golden angle, so that neighbours differ.
    private static string Guest(int place) => place < s_guests.Length
        ? s_guests[place]
        : string.Create(CultureInfo.InvariantCulture, $"hsl({place * 137 % 360},50%,55%)");

    private const string Common = """
        text{font-family:system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;font-size:12px;fill:#1d2127}
        .paper{fill:#fff}
        .title{font-size:18px;font-weight:600}
        .quiet{fill:#6a7280}
        .head{font-weight:600}
        .small{font-size:11px}
        .end{text-anchor:end}
        .middle{text-anchor:middle}
        .inside{font-size:11px;fill:#fff;pointer-events:none}
        .lane{fill:#f1f3f5}
        .grid{stroke:#8a93a0;stroke-opacity:.28}
        .odd{fill-opacity:.72}
        .woken{fill:#d5382f}
        .ready{fill:#8b95a3}
        .lost{fill:#d5382f;fill-opacity:.25;stroke:#d5382f;stroke-dasharray:3 2}

        """;

    private const string Dark = """
        @media (prefers-color-scheme:dark){
        text{fill:#e4e7eb}
        .paper{fill:#15181c}
        .quiet{fill:#97a0ad}
        .lane{fill:#20252b}
        .woken{fill:#ff6a5f}
        .inside{fill:#fff}
        }

        """;
}
