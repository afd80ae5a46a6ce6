# Reads "nm -n" of the image; writes the table that SymbolTable.cs reads, as assembly.
# ilc names a method Assembly_Namespace_Type__Method; a type's description _ZTV<length><type>.
#
# Each symbol is a record of text, ":Type.Method" and a line end; ":Type." is left out where the type is that of the record before.
# The text is packed: as long as there are bytes without a meaning, the most frequent pair of bytes becomes one of them.

BEGIN {
    for (i = 1; i < 128; i++)
        code[sprintf("%c", i)] = i
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

# In units of four bytes: compiled methods start at multiples of that.
function place_of(address, i, value) {
    for (i = 1; i <= length(address); i++)
        value = value * 16 + index("0123456789abcdef", substr(address, i, 1)) - 1
    return int(value / 4)
}

# Places are written as differences; 255 says that more follows.
function add(address, type, name, place, difference, record) {
    place = place_of(address)
    if (place == last)                   # of several symbols for one place, the first
        return
    difference = place - last
    last = place
    for (; difference >= 255; difference -= 255)
        places[place_count++] = 255
    places[place_count++] = difference
    record = (count++ > 0 && type == last_type ? "" : ":" type (type == "" ? "" : ".")) name "\n"
    last_type = type
    for (i = 1; i <= length(record); i++)
        used[text[text_length++] = code[substr(record, i, 1)]] = 1
}

{ address = substr($1, 9); symbol = $3; for (i = 4; i <= NF; i++) symbol = symbol "_" $i }
symbol == "image_text" { last = place_of(address); next }
symbol == "image_bss" { code_count = count; last = place_of(address); next }
last == "" { next }
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

# The pair that is there most often; of several, the one with the smallest number, so that every awk finds the same.
function most_frequent(pair, best) {
    best = 0
    for (pair in pairs)
        if (pairs[pair] > pairs[best] || pairs[pair] == pairs[best] && pair + 0 < best)
            best = pair + 0
    return best
}

function replace(a, b, by, i, length_now) {
    for (i = 0; i < text_length; i++) {
        if (text[i] == a && i + 1 < text_length && text[i + 1] == b) {
            if (length_now > 0) {
                pairs[text[length_now - 1] * 256 + a]--
                pairs[text[length_now - 1] * 256 + by]++
            }
            if (i + 2 < text_length) {
                pairs[b * 256 + text[i + 2]]--
                pairs[by * 256 + text[i + 2]]++
            }
            text[length_now++] = by
            i++
        } else
            text[length_now++] = text[i]
    }
    text_length = length_now
    delete pairs[a * 256 + b]
}

function print_bytes(bytes, length_of, i, line) {
    for (i = 0; i < length_of; i++) {
        line = line (i % 32 == 0 ? "    .byte " : ",") bytes[i]
        if (i % 32 == 31 || i == length_of - 1) {
            print line
            line = ""
        }
    }
}

END {
    for (i = 0; i + 1 < text_length; i++)
        pairs[text[i] * 256 + text[i + 1]]++
    for (by = 0; by < 256; by++) {
        first[by] = by
        second[by] = 0
        if (by == 0 || by in used)
            continue
        pair = most_frequent()
        first[by] = int(pair / 256)
        second[by] = pair % 256
        replace(first[by], second[by], by)
    }
    print "    .section .symbols, \"a\"\n    .balign 8\nsymbol_data:"
    print "    .long " count ", " code_count ", " place_count
    print_bytes(first, 256)
    print_bytes(second, 256)
    print_bytes(places, place_count)
    print_bytes(text, text_length)
}
