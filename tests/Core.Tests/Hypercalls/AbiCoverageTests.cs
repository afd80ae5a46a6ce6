using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using Microkernel.Core.Domains;
using Microkernel.Core.Hypercalls;
using NUnit.Framework;

namespace Microkernel.Core.Tests.Hypercalls;

/// <summary>
/// docs/abi-coverage.md is made from the table that dispatch uses. With UPDATE_DOCS=1 in the environment the test writes the page;
/// otherwise it fails when the page is not what the table says.
/// </summary>
[TestFixture]
public sealed class AbiCoverageTests
{
    private static readonly string Root = FindRoot();

    [Test]
    public void ThePageIsWhatTheTableSays()
    {
        string path = Path.Combine(Root, "docs", "abi-coverage.md");
        string expected = Render();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.That(File.Exists(path) ? File.ReadAllText(path) : "", Is.EqualTo(expected), "run the test with UPDATE_DOCS=1");
    }

    [TestCaseSource(nameof(Operations))]
    public void EveryOperationIsCoveredByATestGuestThatExists(Hypercall hypercall, SubOperation operation) =>
        Assert.That(File.Exists(Path.Combine(Root, "tests", "guests", operation.Test + ".c")), Is.True, $"{hypercall.Name}/{operation.Name}: no guest {operation.Test}");

    [Test]
    public void NumbersAndNamesAreUnique()
    {
        Assert.That(HypercallTable.All.Select(h => h.Number), Is.Unique);
        Assert.That(HypercallTable.All.Select(h => h.Number), Is.Ordered);
        foreach (Hypercall hypercall in HypercallTable.All)
        {
            Assert.That(hypercall.Operations.Select(o => o.Number), Is.Unique, hypercall.Name);
            Assert.That(hypercall.Operations.Select(o => o.Name), Is.Unique, hypercall.Name);
        }
    }

    private static IEnumerable<TestCaseData> Operations() =>
        from hypercall in HypercallTable.All
        from operation in hypercall.Operations
        select new TestCaseData(hypercall, operation).SetArgDisplayNames(hypercall.Name, operation.Name);

    private static string Render()
    {
        StringBuilder page = new();
        page.Append("# Coverage of Xen's ABI\n\n");
        page.Append("Made from the table in kernel/Core/Hypercalls/HypercallTable.cs by a test; do not edit it by hand.\n");
        page.Append("Numbers and layouts are those of Xen 4.17. What is not listed returns -ENOSYS. The last but one column names the\n");
        page.Append("guest in tests/guests that checks the operation, in 64 and in 32 bits.\n\n");
        page.Append("An operation with a privilege is for domains that hold one of those named. Operations on another domain need `build` where\n");
        page.Append("they are for everybody otherwise: reservations, set_memory_map, claim_pages, alloc_unbound, set_param, get_param; remote_shutdown\n");
        page.Append("needs `control`.\n\n");
        page.Append("| hypercall | operation | number | privilege | test guest | differs from Xen |\n|---|---|---|---|---|---|\n");
        foreach (Hypercall hypercall in HypercallTable.All)
        {
            foreach (SubOperation operation in hypercall.Operations.OrderBy(o => o.Number))
            {
                page.Append($"| {hypercall.Name} ({hypercall.Number}) | {operation.Name} | {operation.Number} | {PrivilegesOf(operation)} | {operation.Test} | {operation.Note} |\n");
            }
        }

        int count = HypercallTable.All.Sum(h => h.Operations.Length);
        return page.Append($"\n{count} operations of {HypercallTable.All.Length} hypercalls.\n").ToString();
    }

    private static string PrivilegesOf(SubOperation operation) =>
        operation.Privileges == Privilege.None ? "" : operation.Privileges.ToString().ToLowerInvariant();

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? directory = Path.GetDirectoryName(here);
        while (directory != null && !File.Exists(Path.Combine(directory, "Microkernel.sln")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new InvalidOperationException("the repository's root was not found");
    }
}
