/* option.c - parsing, checking and printing the values of option rows; the kinds are a table too.
 * Keeps:   nothing is stored unless the whole text was understood and is allowed.
 * Threads: any; no state.
 * Next:    option.h, nearest.h */
#include "base/option.h"

#include <gangsaw/config.h>

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/nearest.h"

#define VALUE_SHOWN 60 /* bytes of a wrong value that an error shows */

typedef struct unit {
    const char *suffix;
    uint64_t factor;
} unit;

/* Smallest first; NULL ends. */
static const unit plain_units[] = {{"", 1}, {NULL, 0}};
static const unit size_units[] = {{"", 1},        {"K", 1 << 10},           {"M", 1 << 20},
                                  {"G", 1 << 30}, {"T", UINT64_C(1) << 40}, {NULL, 0}};
static const unit percent_units[] = {{"%", 1}, {NULL, 0}};
static const unit duration_units[] = {{"ns", 1},         {"us", 1000},       {"ms", 1000000},
                                      {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000},
                                      {NULL, 0}};

/* What the numeric kinds are read and written in, and how an error calls the form. */
static const struct {
    const unit *units;
    const char *form;
} kinds[GSAW_OPTION_KIND_COUNT] = {
    [GSAW_OPTION_FLAG] = {NULL, "true or false"},
    [GSAW_OPTION_NUMBER] = {plain_units, "a number"},
    [GSAW_OPTION_SIZE] = {size_units, "a size like 4096, 512K, 8M or 2G"},
    [GSAW_OPTION_DURATION] = {duration_units, "a duration like 500ms, 2s, 1m or 1h"},
    [GSAW_OPTION_PERCENT] = {percent_units, "a percentage like 75%"},
    [GSAW_OPTION_WORD] = {NULL, "one of its words"},
    [GSAW_OPTION_SET] = {NULL, "one of its words"},
    [GSAW_OPTION_TEXT] = {NULL, "text"},
    [GSAW_OPTION_LIST] = {NULL, "a list of texts"},
};

static const char *const truths[] = {"true", "yes", "on", "1"};
static const char *const untruths[] = {"false", "no", "off", "0"};

bool gsaw__option_is_numeric(const gsaw__option *self) { return kinds[self->kind].units != NULL; }

static void *field_of(const gsaw__option *self, void *fields)
{
    return (char *)fields + self->offset;
}

uint64_t gsaw__option_number(const gsaw__option *self, const void *fields)
{
    uint64_t number = 0;
    uint32_t half = 0;
    const char *field = (const char *)fields + self->offset;
    gsaw_assert(self->field_size == sizeof half || self->field_size == sizeof number);
    if (self->field_size == sizeof number)
        memcpy(&number, field, sizeof number);
    else
        memcpy(&half, field, sizeof half);
    return number | half;
}

static void store_number(const gsaw__option *self, void *fields, uint64_t number)
{
    uint32_t half = (uint32_t)number;
    if (self->field_size == sizeof number)
        memcpy(field_of(self, fields), &number, sizeof number);
    else
        memcpy(field_of(self, fields), &half, sizeof half);
}

const gsaw__option *gsaw__option_find(const gsaw__option *rows, const char *flag, size_t size)
{
    for (; rows->name != NULL; rows++)
        if (rows->flag != NULL && !rows->joined && strlen(rows->flag) == size &&
            memcmp(rows->flag, flag, size) == 0)
            return rows;
    return NULL;
}

const gsaw__option *gsaw__option_find_letter(const gsaw__option *rows, char letter)
{
    for (; rows->name != NULL; rows++)
        if (rows->letter != 0 && rows->letter == letter)
            return rows;
    return NULL;
}

/* Digits and a unit. GSAW_INVALID: something else; GSAW_RANGE: out of the row's bounds. */
static gsaw_status parse_number(const gsaw__option *self, const char *text, uint64_t *out)
{
    uint64_t number = 0;
    bool overflow = false;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        overflow |= __builtin_mul_overflow(number, 10, &number);
        overflow |= __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number);
    }
    if (at == text)
        return GSAW_INVALID;
    for (const unit *u = kinds[self->kind].units; u->suffix != NULL; u++) {
        if (strcasecmp(at, u->suffix) != 0)
            continue;
        overflow |= __builtin_mul_overflow(number, u->factor, &number);
        *out = number;
        return overflow || number < self->min || number > self->max ? GSAW_RANGE : GSAW_OK;
    }
    return GSAW_INVALID;
}

static gsaw_status parse_truth(const char *text, bool *out)
{
    *out = true;
    for (size_t i = 0; text != NULL && i < sizeof truths / sizeof *truths; i++) {
        if (strcmp(text, truths[i]) == 0)
            return GSAW_OK;
        if (strcmp(text, untruths[i]) == 0) {
            *out = false;
            return GSAW_OK;
        }
    }
    return text == NULL ? GSAW_OK : GSAW_INVALID;
}

static gsaw_status find_word(const gsaw__option *self, const char *text, size_t size, uint32_t *out)
{
    const char *word;
    for (uint32_t i = 0; (word = self->word(i)) != NULL; i++)
        if (strlen(word) == size && memcmp(word, text, size) == 0) {
            *out = i;
            return GSAW_OK;
        }
    return GSAW_INVALID;
}

/* Words between commas; *bad is where the first wrong one begins. */
static gsaw_status parse_set(const gsaw__option *self, const char *text, uint32_t *set,
                             const char **bad)
{
    for (;; text++) {
        size_t size = strcspn(text, ",");
        uint32_t index = 0;
        *bad = text;
        if (find_word(self, text, size, &index) != GSAW_OK)
            return GSAW_INVALID;
        gsaw_assert(index < 32);
        *set |= UINT32_C(1) << index;
        text += size;
        if (*text == 0)
            return GSAW_OK;
    }
}

/* Append to a list kept in an arena: its capacity is the next power of two, so only a full one
 * moves. */
static gsaw_status push_string(gsaw_strings *list, gsaw__arena *arena, const char *text)
{
    size_t count = list->count;
    const char **items = (const char **)(uintptr_t)list->items;
    if ((count & (count - 1)) == 0) {
        items = gsaw__arena_alloc(arena, (count == 0 ? 1 : count * 2) * sizeof *items);
        if (items == NULL)
            return GSAW_NO_MEMORY;
        if (count > 0)
            memcpy(items, list->items, count * sizeof *items);
    }
    items[count] = text;
    *list = (gsaw_strings){.items = items, .count = count + 1};
    return GSAW_OK;
}

/* Store text in the row's own field; *bad is moved to the wrong part of it. */
static gsaw_status set_field(const gsaw__option *self, gsaw__option_target target, const char *text,
                             const char **bad)
{
    void *field = field_of(self, target.fields);
    uint64_t number = 0;
    uint32_t word = 0;
    bool truth;
    gsaw_status status = GSAW_OK;
    switch ((enum gsaw__option_kind)self->kind) {
    case GSAW_OPTION_FLAG:
        status = parse_truth(text, &truth);
        if (status == GSAW_OK)
            memcpy(field, &truth, sizeof truth);
        return status;
    case GSAW_OPTION_WORD:
        status = find_word(self, text, strlen(text), &word);
        if (status == GSAW_OK)
            memcpy(field, &word, sizeof word);
        return status;
    case GSAW_OPTION_SET:
        memcpy(&word, field, sizeof word);
        status = parse_set(self, text, &word, bad);
        if (status == GSAW_OK)
            memcpy(field, &word, sizeof word);
        return status;
    case GSAW_OPTION_TEXT:
        memcpy(field, &text, sizeof text);
        return GSAW_OK;
    case GSAW_OPTION_LIST:
        return push_string(field, target.arena, text);
    default:
        status = parse_number(self, text, &number);
        if (status == GSAW_OK)
            store_number(self, target.fields, number);
        return status;
    }
}

void gsaw__option_reset(const gsaw__option *self, void *fields)
{
    const gsaw__option *at = self;
    do
        memset(field_of(at, fields), 0, at->field_size);
    while ((++at)->joined);
}

/* `taken` was set: its other forms no longer count. */
static void reset_others(const gsaw__option *self, const gsaw__option *taken, void *fields)
{
    for (const gsaw__option *at = self; at == self || at->joined; at++)
        if (at != taken)
            memset(field_of(at, fields), 0, at->field_size);
}

static const char *nearest_word(const gsaw__option *self, const char *text, size_t size)
{
    gsaw__nearest nearest;
    const char *word;
    gsaw__nearest_init(&nearest, text, size);
    for (size_t i = 0; self->word != NULL && (word = self->word(i)) != NULL; i++)
        gsaw__nearest_offer(&nearest, word);
    return nearest.best;
}

gsaw_status gsaw__option_refuse(const gsaw__option *self, gsaw_status status, const char *label,
                                const char *bad, gsaw_error *error)
{
    gsaw__buffer text = {0};
    size_t size = self->kind == GSAW_OPTION_SET ? strcspn(bad, ",") : strlen(bad);
    const char *nearest = nearest_word(self, bad, size);
    int shown = (int)(size < VALUE_SHOWN ? size : VALUE_SHOWN);
    const char *dots = size > VALUE_SHOWN ? "..." : "";
    gsaw__buffer_printf(&text, "is %s", status == GSAW_RANGE ? "out of range" : "not ");
    for (const gsaw__option *at = self; status != GSAW_RANGE && (at == self || at->joined); at++)
        gsaw__buffer_printf(&text, "%s%s", at == self ? "" : " or ", kinds[at->kind].form);
    if (self->word != NULL || gsaw__option_is_numeric(self)) {
        gsaw__buffer_append_text(&text, " (allowed: ");
        gsaw__option_format_allowed(self, &text);
        gsaw__buffer_append_byte(&text, ')');
    }
    if (nearest != NULL)
        gsaw__buffer_printf(&text, "; did you mean %s?", nearest);
    status = gsaw__fail(error, status, "%s: \"%.*s%s\" %s", label, shown, bad, dots,
                        gsaw__buffer_text(&text));
    gsaw__buffer_clear(&text);
    return status;
}

gsaw_status gsaw__option_set(const gsaw__option *self, gsaw__option_target target,
                             const char *label, const char *text, gsaw_error *error)
{
    gsaw_status worst = GSAW_INVALID;
    const char *bad = text;
    gsaw_assert(!self->joined);
    if (text == NULL && self->kind != GSAW_OPTION_FLAG)
        return gsaw__fail(error, GSAW_INVALID, "%s needs a value: %s", label, self->metavar);
    for (const gsaw__option *at = self; at == self || at->joined; at++) {
        gsaw_status status = set_field(at, target, text, &bad);
        if (status == GSAW_OK)
            reset_others(self, at, target.fields);
        if (status == GSAW_OK)
            return GSAW_OK;
        if (status == GSAW_NO_MEMORY)
            return gsaw__fail_memory(error);
        if (status == GSAW_RANGE)
            worst = GSAW_RANGE;
    }
    return gsaw__option_refuse(self, worst, label, bad, error);
}

bool gsaw__option_is_zero(const gsaw__option *self, const void *fields)
{
    const char *field = (const char *)fields + self->offset;
    for (size_t i = 0; i < self->field_size; i++)
        if (field[i] != 0)
            return false;
    return true;
}

/* The row, or that of its joined forms whose field is set. */
static const gsaw__option *form_in_effect(const gsaw__option *self, const void *fields)
{
    const gsaw__option *at = self;
    while (gsaw__option_is_zero(at, fields))
        if (!(++at)->joined)
            return self;
    return at;
}

bool gsaw__option_is_set(const gsaw__option *self, const void *fields)
{
    return !gsaw__option_is_zero(form_in_effect(self, fields), fields);
}

void gsaw__option_format_number(const gsaw__option *self, uint64_t number, gsaw__buffer *out)
{
    const unit *best = kinds[self->kind].units;
    for (const unit *u = best; u->suffix != NULL; u++)
        if (number != 0 && number % u->factor == 0)
            best = u;
    gsaw__buffer_append_number(out, number / best->factor);
    gsaw__buffer_append_text(out, best->suffix);
}

static void format_set(const gsaw__option *self, uint32_t set, gsaw__buffer *out)
{
    const char *comma = "";
    for (uint32_t i = 0; i < 32 && self->word(i) != NULL; i++)
        if ((set >> i & 1) != 0) {
            gsaw__buffer_append_text(out, comma);
            gsaw__buffer_append_text(out, self->word(i));
            comma = ",";
        }
}

static void format_list(const gsaw_strings *list, gsaw__buffer *out)
{
    for (size_t i = 0; i < list->count; i++) {
        gsaw__buffer_printf(out, "%s\"%s\"", i == 0 ? "" : " ", list->items[i]);
    }
}

static void format_numeric(const gsaw__option *self, const void *fields, gsaw__buffer *out)
{
    uint64_t number = gsaw__option_number(self, fields);
    if (number == 0 && self->fallback_text != NULL)
        gsaw__buffer_append_text(out, self->fallback_text);
    else
        gsaw__option_format_number(self, number == 0 ? self->fallback : number, out);
}

void gsaw__option_format(const gsaw__option *self, const void *fields, gsaw__buffer *out)
{
    const char *text;
    bool truth;
    const gsaw__option *at = form_in_effect(self, fields);
    const void *field = (const char *)fields + at->offset;
    switch ((enum gsaw__option_kind)at->kind) {
    case GSAW_OPTION_FLAG:
        memcpy(&truth, field, sizeof truth);
        gsaw__buffer_append_text(out, truth ? truths[0] : untruths[0]);
        break;
    case GSAW_OPTION_WORD:
        gsaw__buffer_append_text(out, at->word((size_t)gsaw__option_number(at, fields)));
        break;
    case GSAW_OPTION_SET:
        format_set(at, (uint32_t)gsaw__option_number(at, fields), out);
        break;
    case GSAW_OPTION_TEXT:
        memcpy(&text, field, sizeof text);
        gsaw__buffer_append_text(out, text == NULL ? "" : text);
        break;
    case GSAW_OPTION_LIST:
        format_list(field, out);
        break;
    default:
        format_numeric(at, fields, out);
    }
}

static void format_words(const gsaw__option *self, gsaw__buffer *out)
{
    const char *word = self->word(0);
    for (size_t i = 0; word != NULL; i++) {
        const char *next = self->word(i + 1);
        gsaw__buffer_append_text(out, i == 0 ? "" : next == NULL ? " or " : ", ");
        gsaw__buffer_append_text(out, word);
        word = next;
    }
}

static void format_one_allowed(const gsaw__option *self, gsaw__buffer *out)
{
    if (self->word != NULL) {
        format_words(self, out);
    } else if (gsaw__option_is_numeric(self)) {
        gsaw__option_format_number(self, self->min, out);
        gsaw__buffer_append_text(out, " to ");
        gsaw__option_format_number(self, self->max, out);
    }
}

void gsaw__option_format_allowed(const gsaw__option *self, gsaw__buffer *out)
{
    format_one_allowed(self, out);
    for (self++; self->joined; self++) {
        gsaw__buffer_append_text(out, ", or ");
        format_one_allowed(self, out);
    }
}

void gsaw__option_format_variable(const gsaw__option *self, gsaw__buffer *out)
{
    gsaw__buffer_append_text(out, "GANGSAW_");
    for (const char *at = self->flag; *at != 0; at++)
        gsaw__buffer_append_byte(out, (char)(*at == '-' ? '_' : *at - 'a' + 'A'));
}

static uint64_t word_count(const gsaw__option *self)
{
    uint64_t count = 0;
    while (self->word(count) != NULL)
        count++;
    return count;
}

gsaw_status gsaw__option_check(const gsaw__option *rows, const void *fields, gsaw_error *error)
{
    gsaw__buffer allowed = {0};
    gsaw_status status = GSAW_OK;
    for (; rows->name != NULL && status == GSAW_OK; rows++) {
        bool word = rows->kind == GSAW_OPTION_WORD;
        uint64_t number =
            word || gsaw__option_is_numeric(rows) ? gsaw__option_number(rows, fields) : 0;
        uint64_t max = word ? word_count(rows) - 1 : rows->max;
        if (number == 0 || (number >= rows->min && number <= max))
            continue;
        format_one_allowed(rows, &allowed);
        status = gsaw__fail(error, GSAW_RANGE, "%s: %" PRIu64 " is out of range (allowed: %s)",
                            rows->name, number, gsaw__buffer_text(&allowed));
    }
    gsaw__buffer_clear(&allowed);
    return status;
}

void gsaw__option_fill(const gsaw__option *rows, void *fields)
{
    for (; rows->name != NULL; rows++)
        if (gsaw__option_is_numeric(rows) && gsaw__option_number(rows, fields) == 0)
            store_number(rows, fields, rows->fallback);
}
