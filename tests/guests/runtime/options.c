/* The command line: words of name=value, separated by blanks. */
#include "guest.h"

static char words[512];
static unsigned length;

void options_start(const struct hvm_start_info *info)
{
    const char *from = (const char *)(uintptr_t)info->cmdline_paddr;
    while (from && from[length] && length < sizeof(words) - 1) {
        words[length] = from[length] == ' ' || from[length] == '\n' ? 0 : from[length];
        length++;
    }
}

const char *option(const char *name)
{
    size_t n = strlen(name);
    for (unsigned i = 0; i < length; i += strlen(words + i) + 1)
        if (!memcmp(words + i, name, n) && (words[i + n] == '=' || !words[i + n]))
            return words + i + n + (words[i + n] == '=');
    return 0;
}

bool option_is(const char *name, const char *value)
{
    const char *got = option(name);
    return got && !strcmp(got, value);
}

u64 option_number(const char *name, u64 otherwise)
{
    const char *s = option(name);
    u64 value = 0;
    if (!s || *s < '0' || *s > '9')
        return otherwise;
    for (; *s >= '0' && *s <= '9'; s++)
        value = value * 10 + *s - '0';
    return value;
}
