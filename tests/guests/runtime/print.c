/* Formatted output, one call at a time on the console. */
#include "guest.h"

struct buffer { char text[256]; unsigned length; };

static void put(struct buffer *b, char c)
{
    if (b->length < sizeof(b->text))
        b->text[b->length++] = c;
}

static void put_number(struct buffer *b, u64 value, unsigned base, unsigned width)
{
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n < width && n < sizeof(digits))
        digits[n++] = '0';
    while (n)
        put(b, digits[--n]);
}

static u64 take_number(va_list *args, unsigned longs, bool is_signed)
{
    if (longs >= 2)
        return va_arg(*args, u64);
    if (longs == 1)
        return is_signed ? (u64)va_arg(*args, long) : va_arg(*args, unsigned long);
    return is_signed ? (u64)va_arg(*args, int) : va_arg(*args, unsigned);
}

static void put_signed(struct buffer *b, long long value, unsigned width)
{
    if (value < 0)
        put(b, '-');
    put_number(b, value < 0 ? -(u64)value : (u64)value, 10, width);
}

static const char *put_conversion(struct buffer *b, const char *f, va_list *args)
{
    unsigned width = 0, longs = 0;
    for (; *f >= '0' && *f <= '9'; f++)
        width = width * 10 + *f - '0';
    for (; *f == 'l'; f++)
        longs++;
    switch (*f) {
    case 'd': put_signed(b, take_number(args, longs, true), width); break;
    case 'u': put_number(b, take_number(args, longs, false), 10, width); break;
    case 'x': put_number(b, take_number(args, longs, false), 16, width); break;
    case 'p': put_number(b, (uintptr_t)va_arg(*args, void *), 16, width); break;
    case 'c': put(b, va_arg(*args, int)); break;
    case 's':
        for (const char *s = va_arg(*args, const char *); *s; s++)
            put(b, *s);
        break;
    default: put(b, *f);
    }
    return f + 1;
}

static void format(struct buffer *b, const char *f, va_list *args)
{
    while (*f)
        if (*f == '%')
            f = put_conversion(b, f + 1, args);
        else
            put(b, *f++);
}

void print(const char *f, ...)
{
    struct buffer b = { .length = 0 };
    va_list args;
    va_start(args, f);
    format(&b, f, &args);
    va_end(args);
    console_write(b.text, b.length);
}

void fatal(const char *f, ...)
{
    struct buffer b = { .length = 0 };
    va_list args;
    va_start(args, f);
    format(&b, f, &args);
    va_end(args);
    console_write("FAIL ", 5);
    console_write(b.text, b.length);
    console_write("\n", 1);
    check_(0, 1, guest_name, 0, "ran to its end");
    finish();
}
