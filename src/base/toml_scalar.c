/* toml_scalar.c - truths, numbers, dates and times.
 * Keeps:   what is taken is the longest that the grammar has; what is left behind it is the
 *          caller's to refuse.
 * Threads: one.
 * Next:    toml_reader.h */
#include "base/toml_reader.h"

#include <string.h>

static bool starts_with(const gsaw__toml *self, const char *word)
{
    size_t size = strlen(word);
    return (size_t)(self->end - self->at) >= size && memcmp(self->at, word, size) == 0;
}

/* The number of two digits at `ahead`, or -1. */
static int two_digits(const gsaw__toml *self, size_t ahead)
{
    int tens = gsaw__toml_peek(self, ahead), ones = gsaw__toml_peek(self, ahead + 1);
    if (tens < '0' || tens > '9' || ones < '0' || ones > '9')
        return -1;
    return (tens - '0') * 10 + ones - '0';
}

static bool is_in(int number, int least, int most) { return number >= least && number <= most; }

/* ---- dates and times: each returns the size of what stands at `ahead`, or 0 ---- */

static size_t date_size(const gsaw__toml *self, size_t ahead)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int century = two_digits(self, ahead), year = two_digits(self, ahead + 2);
    int month = two_digits(self, ahead + 5), day = two_digits(self, ahead + 8);
    if (century < 0 || year < 0 || gsaw__toml_peek(self, ahead + 4) != '-' ||
        gsaw__toml_peek(self, ahead + 7) != '-' || !is_in(month, 1, 12) ||
        !is_in(day, 1, days[month - 1]))
        return 0;
    bool is_leap = year != 0 ? year % 4 == 0 : century % 4 == 0;
    return month == 2 && day == 29 && !is_leap ? 0 : 10;
}

static size_t time_size(const gsaw__toml *self, size_t ahead)
{
    size_t size = 8;
    if (!is_in(two_digits(self, ahead), 0, 23) || !is_in(two_digits(self, ahead + 3), 0, 59) ||
        !is_in(two_digits(self, ahead + 6), 0, 59) || gsaw__toml_peek(self, ahead + 2) != ':' ||
        gsaw__toml_peek(self, ahead + 5) != ':')
        return 0;
    if (gsaw__toml_peek(self, ahead + size) != '.' ||
        !is_in(gsaw__toml_peek(self, ahead + size + 1), '0', '9'))
        return size;
    for (size++; is_in(gsaw__toml_peek(self, ahead + size), '0', '9'); size++)
        continue;
    return size;
}

static size_t offset_size(const gsaw__toml *self, size_t ahead)
{
    int sign = gsaw__toml_peek(self, ahead);
    if (sign == 'Z' || sign == 'z')
        return 1;
    if ((sign != '+' && sign != '-') || !is_in(two_digits(self, ahead + 1), 0, 23) ||
        gsaw__toml_peek(self, ahead + 3) != ':' || !is_in(two_digits(self, ahead + 4), 0, 59))
        return 0;
    return 6;
}

static size_t moment_size(const gsaw__toml *self)
{
    size_t size = date_size(self, 0);
    if (size == 0)
        return time_size(self, 0);
    int between = gsaw__toml_peek(self, size);
    size_t time =
        between == 'T' || between == 't' || between == ' ' ? time_size(self, size + 1) : 0;
    if (time == 0)
        return size;
    size += 1 + time;
    return size + offset_size(self, size);
}

/* ---- numbers ---- */

static bool is_digit(int byte, unsigned base)
{
    if (base <= 10)
        return is_in(byte, '0', '0' + (int)base - 1);
    return is_in(byte, '0', '9') || is_in(byte, 'a', 'f') || is_in(byte, 'A', 'F');
}

/* Behind `ahead`: digits, with single underscores between them. */
static size_t digits_end(const gsaw__toml *self, size_t ahead, unsigned base)
{
    while (is_digit(gsaw__toml_peek(self, ahead), base))
        ahead += gsaw__toml_peek(self, ahead + 1) == '_' &&
                         is_digit(gsaw__toml_peek(self, ahead + 2), base)
                     ? 2
                     : 1;
    return ahead;
}

/* Behind a fraction and an exponent at `ahead`; `ahead` itself where there is neither. */
static size_t float_end(const gsaw__toml *self, size_t ahead)
{
    if (gsaw__toml_peek(self, ahead) == '.' && is_digit(gsaw__toml_peek(self, ahead + 1), 10))
        ahead = digits_end(self, ahead + 1, 10);
    if (gsaw__toml_peek(self, ahead) != 'e' && gsaw__toml_peek(self, ahead) != 'E')
        return ahead;
    int sign = gsaw__toml_peek(self, ahead + 1);
    size_t first = ahead + 1 + (sign == '+' || sign == '-');
    return is_digit(gsaw__toml_peek(self, first), 10) ? digits_end(self, first, 10) : ahead;
}

/* Store the digits at [from, to) ahead as an integer, and step behind them. */
static bool take_integer(gsaw__toml *self, size_t from, size_t to, unsigned base, gsaw__value *out)
{
    bool is_negative = gsaw__toml_peek(self, 0) == '-', overflow = false;
    int64_t number = 0;
    for (size_t i = from; i < to; i++) {
        int byte = (unsigned char)self->at[i];
        if (byte == '_')
            continue;
        int digit = byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
        overflow |= __builtin_mul_overflow(number, (int64_t)base, &number);
        overflow |= __builtin_add_overflow(number, is_negative ? -digit : digit, &number);
    }
    if (overflow)
        return gsaw__toml_fail(self, "a number beyond 64 bits");
    self->at += to;
    out->kind = GSAW_VALUE_INTEGER;
    out->integer = number;
    return true;
}

/* Keep `size` bytes as they are. */
static bool take_text(gsaw__toml *self, size_t size, enum gsaw__value_kind kind, gsaw__value *out)
{
    out->kind = (uint8_t)kind;
    out->size = (uint32_t)size;
    out->text = gsaw__arena_dup(self->arena, self->at, size);
    self->at += size;
    return out->text != NULL || gsaw__toml_fail_memory(self);
}

static bool read_number(gsaw__toml *self, gsaw__value *out)
{
    static const struct {
        const char *prefix;
        unsigned base;
    } bases[] = {{"0x", 16}, {"0o", 8}, {"0b", 2}};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        if (starts_with(self, bases[i].prefix) && is_digit(gsaw__toml_peek(self, 2), bases[i].base))
            return take_integer(self, 2, digits_end(self, 2, bases[i].base), bases[i].base, out);
    int sign = gsaw__toml_peek(self, 0);
    size_t first = sign == '+' || sign == '-';
    if (!is_digit(gsaw__toml_peek(self, first), 10))
        return gsaw__toml_fail(self, "a value is missing, or is none that TOML knows");
    size_t whole = gsaw__toml_peek(self, first) == '0' ? first + 1 : digits_end(self, first, 10);
    size_t end = float_end(self, whole);
    return end > whole ? take_text(self, end, GSAW_VALUE_FLOAT, out)
                       : take_integer(self, first, whole, 10, out);
}

bool gsaw__toml_read_scalar(gsaw__toml *self, gsaw__value *out)
{
    static const char *const truths[] = {"false", "true"};
    static const char *const floats[] = {"inf", "nan", "+inf", "+nan", "-inf", "-nan"};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        if (starts_with(self, truths[i])) {
            self->at += strlen(truths[i]);
            out->kind = GSAW_VALUE_TRUTH;
            out->truth = i == 1;
            return true;
        }
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++)
        if (starts_with(self, floats[i]))
            return take_text(self, strlen(floats[i]), GSAW_VALUE_FLOAT, out);
    size_t moment = moment_size(self);
    return moment != 0 ? take_text(self, moment, GSAW_VALUE_TIME, out) : read_number(self, out);
}
