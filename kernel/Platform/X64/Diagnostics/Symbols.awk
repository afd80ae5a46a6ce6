# Reads "nm -n" of the image; writes the table that SymbolTable.cs reads, as assembly.
# ilc names a method Assembly_Namespace_Type__Method; a type's description _ZTV<length><type>.

BEGIN { names_length = 0; intern("") }

function intern(name) {
    if (!(name in place)) {
        place[name] = names_length
        names_length += length(name) + 1
        names[names_count++] = name
    }
    return place[name]
}

function last_part(name) {
    sub(/<.*/, "", name)         # type arguments
    sub(/_[0-9]+$/, "", name)    # their number
    sub(/.*_/, "", name)
    return name
}

function method_part(name) {
    sub(/<.*/, "<>", name)
    return name
}

function add(address, type, name) {
    place16 = substr(address, 1, 7)      # one entry for every 16 bytes
    if (place16 == last)
        return
    last = place16
    entries[count++] = "    .short (0x" place16 "0 - 0x" text ") / 16, " intern(type) ", " intern(name)
}

{ address = substr($1, 9); symbol = $3; for (i = 4; i <= NF; i++) symbol = symbol "_" $i }
symbol == "image_text" { text = address; next }
text == "" { next }
symbol ~ /^_ZTV[0-9]+.*Exception$/ { add(address, "", last_part(symbol)); next }
$2 !~ /^[tT]$/ || symbol ~ /^image_/ { next }
{
    at = index(substr(symbol, 3), "__")
    if (symbol ~ /^__|^unbox_/) {
        if (!helper)                 # one entry for a run of them
            add(address, "", "compiler helper")
        helper = 1
        next
    }
    helper = 0
    if (at == 0)
        add(address, "", symbol)
    else
        add(address, last_part(substr(symbol, 1, at + 1)), method_part(substr(symbol, at + 4)))
}

END {
    print "    .section .symbols, \"a\"\n    .balign 8\nsymbol_data:"
    print "    .long " count ", " names_length
    for (i = 0; i < count; i++)
        print entries[i]
    for (i = 0; i < names_count; i++)
        print "    .asciz \"" names[i] "\""
}
