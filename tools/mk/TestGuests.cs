namespace Mk;

/// <summary>The freestanding guests of tests/guests, built by their own makefile into out/guests.</summary>
public static class TestGuests
{
    /// <summary>Builds what is missing or out of date.</summary>
    /// <exception cref="MkException">The build failed; the message has the compiler's words.</exception>
    public static void Build() =>
        Say.While("building the test guests", static () => Tool.Run("make", ["-s", "-C", "tests/guests"], Repository.Root));

    /// <summary>The full path of a guest's image.</summary>
    public static string PathOf(string file) => Repository.InRoot("out/guests/" + file);
}
