using System;
using System.Diagnostics;
using System.IO;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microkernel.Protos.Core;
using NUnit.Framework;
using FileOptions = Google.Protobuf.Reflection.FileOptions;
using Kind = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Type;
using Label = Google.Protobuf.Reflection.FieldDescriptorProto.Types.Label;

namespace Microkernel.Messages.Tests;

/// <summary>What the core cannot have is an error of the build, with the place and the reason.</summary>
public sealed class GeneratorTests
{
    [Test]
    public void ATextWithoutABoundIsRefused() =>
        Assert.That(Generate(new FieldDescriptorProto { Name = "text", Number = 1, Type = Kind.String }), Does.Contain("M.text: needs a bound"));

    [Test]
    public void ARepeatedFieldWithoutABoundIsRefused() =>
        Assert.That(Generate(new FieldDescriptorProto { Name = "many", Number = 1, Type = Kind.Bool, Label = Label.Repeated }), Does.Contain("M.many: needs a bound"));

    [TestCase(Kind.Float)]
    [TestCase(Kind.Double)]
    [TestCase(Kind.Group)]
    public void AKindThatTheCoreDoesNotHaveIsRefused(Kind kind) =>
        Assert.That(Generate(new FieldDescriptorProto { Name = "odd", Number = 1, Type = kind }), Does.Contain("M.odd: the core has no"));

    [Test]
    public void RepeatedTextIsRefused() =>
        Assert.That(Generate(Bounded(new() { Name = "texts", Number = 1, Type = Kind.String, Label = Label.Repeated })), Does.Contain("not supported"));

    [Test]
    public void AMessageInsideItselfIsRefused() =>
        Assert.That(Generate(new FieldDescriptorProto { Name = "self", Number = 1, Type = Kind.Message, TypeName = ".p.M" }), Does.Contain("M: contains itself"));

    [Test]
    public void ATypeFromElsewhereIsRefused() =>
        Assert.That(Generate(new FieldDescriptorProto { Name = "other", Number = 1, Type = Kind.Message, TypeName = ".q.N" }), Does.Contain(".q.N is in no file that the core uses"));

    [Test]
    public void WhatItHasIsGenerated() =>
        Assert.That(Generate(Bounded(new() { Name = "some_text", Number = 1, Type = Kind.String })), Does.Contain("public ReadOnlySpan<byte> SomeText;"));

    private static FieldDescriptorProto Bounded(FieldDescriptorProto field)
    {
        field.Options = new FieldOptions();
        field.Options.SetExtension(OptionsExtensions.Max, 5u);
        return field;
    }

    /// <summary>What the generator writes for a message M of one field, or why it does not.</summary>
    private static string Generate(FieldDescriptorProto field)
    {
        string folder = Directory.CreateTempSubdirectory("protogen-").FullName;
        try
        {
            FileDescriptorProto file = new() { Name = "p.proto", Package = "p", Options = new FileOptions { CsharpNamespace = "Microkernel.Protos.P" } };
            file.Options.SetExtension(OptionsExtensions.UsedByCore, true);
            file.MessageType.Add(new DescriptorProto { Name = "M", Field = { field } });
            string input = Path.Combine(folder, "in.pb"), output = Path.Combine(folder, "out.cs");
            File.WriteAllBytes(input, new FileDescriptorSet { File = { file } }.ToByteArray());
            string program = AppContext.BaseDirectory.Replace("/tests/CoreMessages.Tests/", "/tools/protogen/", StringComparison.Ordinal);
            using Process process = Process.Start(new ProcessStartInfo(Path.Combine(program, "protogen"), [input, output]) { RedirectStandardError = true })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That(process.ExitCode == 0, Is.EqualTo(File.Exists(output)), errors);
            return process.ExitCode == 0 ? File.ReadAllText(output) : errors;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
