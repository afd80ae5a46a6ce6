using System;
using System.Globalization;
using System.IO;
using System.Security;

namespace Mk.Tracing;

/// <summary>Writes the elements of an SVG picture. Places are pixels.</summary>
internal sealed class SvgWriter(TextWriter output)
{
    internal void Raw(string text) => output.Write(text);

    internal void Text(double x, double y, string classes, string text) =>
        output.Write(string.Create(CultureInfo.InvariantCulture, $"<text x=\"{x:0.##}\" y=\"{y:0.##}\"{Class(classes)}>{Escape(text)}</text>\n"));

    /// <summary>A filled area, with words for who points at it.</summary>
    internal void Area(double x, double y, double width, double height, string classes, string title = "")
    {
        output.Write(string.Create(CultureInfo.InvariantCulture, $"<rect x=\"{x:0.###}\" y=\"{y:0.##}\" width=\"{width:0.###}\" height=\"{height:0.##}\"{Class(classes)}"));
        output.Write(title.Length == 0 ? "/>\n" : $"><title>{Escape(title)}</title></rect>\n");
    }

    internal void Line(double x1, double y1, double x2, double y2, string classes) => output.Write(string.Create(
        CultureInfo.InvariantCulture, $"<line x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\"{Class(classes)}/>\n"));

    /// <summary>Several elements that share words for who points at them.</summary>
    internal void Group(string title, Action content)
    {
        output.Write($"<g><title>{Escape(title)}</title>\n");
        content();
        output.Write("</g>\n");
    }

    private static string Class(string classes) => classes.Length == 0 ? "" : $" class=\"{classes}\"";

    private static string Escape(string text) => SecurityElement.Escape(text);
}
