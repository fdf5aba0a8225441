/* py_names.c - the name table of a file: keywords, names that are asked for and builtins first.
 * Keeps:   open addressing, at most half full; after each file what it added is taken back, and the
 *          table is the small one again, so that it stays in the nearest cache.
 * Threads: a parser belongs to one worker.
 * Next:    py_lexer.c */
#include <string.h>

#include "base/alloc.h"
#include "lang/py_parser.h"
#include "lang/py_unicode.h"

#define SLOTS_MIN 1024

#define TEXT(name, text) text,
static const char *const FIXED[] = {GSAW_PY_KEYWORDS(TEXT)
                                        GSAW_PY_KNOWN_NAMES(TEXT) "ArithmeticError",
                                    "AssertionError",
                                    "AttributeError",
                                    "BaseException",
                                    "BaseExceptionGroup",
                                    "BlockingIOError",
                                    "BrokenPipeError",
                                    "BufferError",
                                    "BytesWarning",
                                    "ChildProcessError",
                                    "ConnectionAbortedError",
                                    "ConnectionError",
                                    "ConnectionRefusedError",
                                    "ConnectionResetError",
                                    "DeprecationWarning",
                                    "EOFError",
                                    "Ellipsis",
                                    "EncodingWarning",
                                    "EnvironmentError",
                                    "Exception",
                                    "ExceptionGroup",
                                    "FileExistsError",
                                    "FileNotFoundError",
                                    "FloatingPointError",
                                    "FutureWarning",
                                    "GeneratorExit",
                                    "IOError",
                                    "ImportError",
                                    "ImportWarning",
                                    "IndentationError",
                                    "IndexError",
                                    "InterruptedError",
                                    "IsADirectoryError",
                                    "KeyError",
                                    "KeyboardInterrupt",
                                    "LookupError",
                                    "MemoryError",
                                    "ModuleNotFoundError",
                                    "NameError",
                                    "NotADirectoryError",
                                    "NotImplemented",
                                    "NotImplementedError",
                                    "OSError",
                                    "OverflowError",
                                    "PendingDeprecationWarning",
                                    "PermissionError",
                                    "ProcessLookupError",
                                    "PythonFinalizationError",
                                    "RecursionError",
                                    "ReferenceError",
                                    "ResourceWarning",
                                    "RuntimeError",
                                    "RuntimeWarning",
                                    "StopAsyncIteration",
                                    "StopIteration",
                                    "SyntaxError",
                                    "SyntaxWarning",
                                    "SystemError",
                                    "SystemExit",
                                    "TabError",
                                    "TimeoutError",
                                    "TypeError",
                                    "UnboundLocalError",
                                    "UnicodeDecodeError",
                                    "UnicodeEncodeError",
                                    "UnicodeError",
                                    "UnicodeTranslateError",
                                    "UnicodeWarning",
                                    "UserWarning",
                                    "ValueError",
                                    "Warning",
                                    "WindowsError",
                                    "ZeroDivisionError",
                                    "__annotations__",
                                    "__build_class__",
                                    "__builtins__",
                                    "__debug__",
                                    "__dict__",
                                    "__doc__",
                                    "__file__",
                                    "__loader__",
                                    "__name__",
                                    "__package__",
                                    "__path__",
                                    "__spec__",
                                    "abs",
                                    "aiter",
                                    "all",
                                    "anext",
                                    "any",
                                    "ascii",
                                    "bin",
                                    "bool",
                                    "breakpoint",
                                    "bytearray",
                                    "bytes",
                                    "callable",
                                    "chr",
                                    "classmethod",
                                    "compile",
                                    "complex",
                                    "copyright",
                                    "credits",
                                    "delattr",
                                    "dict",
                                    "dir",
                                    "divmod",
                                    "enumerate",
                                    "eval",
                                    "exec",
                                    "exit",
                                    "filter",
                                    "float",
                                    "format",
                                    "frozenset",
                                    "getattr",
                                    "globals",
                                    "hasattr",
                                    "hash",
                                    "help",
                                    "hex",
                                    "id",
                                    "input",
                                    "int",
                                    "isinstance",
                                    "issubclass",
                                    "iter",
                                    "len",
                                    "license",
                                    "list",
                                    "locals",
                                    "map",
                                    "max",
                                    "memoryview",
                                    "min",
                                    "next",
                                    "object",
                                    "oct",
                                    "open",
                                    "ord",
                                    "pow",
                                    "print",
                                    "quit",
                                    "range",
                                    "repr",
                                    "reversed",
                                    "round",
                                    "set",
                                    "setattr",
                                    "slice",
                                    "sorted",
                                    "str",
                                    "sum",
                                    "super",
                                    "tuple",
                                    "vars",
                                    "zip"};
#define FIXED_COUNT ((uint32_t)(sizeof FIXED / sizeof FIXED[0]))

const char *gsaw__py_fixed_name(uint32_t name) { return FIXED[name]; }

uint32_t gsaw__py_fixed_count(void) { return FIXED_COUNT; }

/* What is behind the first 16 bytes of a long name, all of it: names may differ anywhere. */
static uint64_t hash_behind(const unsigned char *text, uint32_t length)
{
    uint64_t hash = length, word;
    for (uint32_t at = 16; at + 8 < length; at += 8) {
        memcpy(&word, text + at, sizeof word);
        hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    memcpy(&word, text + length - 8, sizeof word);
    return (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
}

/* Two multiplies that do not wait for each other. */
static uint64_t hash_of(const unsigned char *text, uint32_t length, uint64_t low, uint64_t high)
{
    if (gsaw__py_unlikely(length > 16))
        low ^= hash_behind(text, length);
    uint64_t hash = (low ^ (high << 29 | high >> 35)) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32) ^ (high * UINT64_C(0xc4ceb9fe1a85ec53) >> 32);
}

static void place(gsaw__py_parser *self, gsaw__py_slot slot)
{
    uint32_t mask = self->slot_count - 1;
    uint32_t at = (uint32_t)hash_of(slot.text, slot.length, slot.low, slot.high) & mask;
    while (self->slots[at].text != NULL)
        at = (at + 1) & mask;
    self->slots[at] = slot;
}

static bool resize(gsaw__py_parser *self, uint32_t wanted)
{
    gsaw__py_slot *old = self->slots;
    uint32_t old_count = self->slot_count;
    gsaw__py_slot *slots = gsaw__alloc_zero(self->allocator, wanted, sizeof *slots);
    if (slots == NULL)
        return false;
    self->slots = slots;
    self->slot_count = wanted;
    for (uint32_t i = 0; i < old_count; i++)
        if (old[i].text != NULL)
            place(self, old[i]);
    gsaw__free(self->allocator, old, old_count * sizeof *old);
    return true;
}

static uint32_t add(gsaw__py_parser *self, gsaw__py_slot slot)
{
    uint32_t count = gsaw__py_count(self, names);
    if (count >= self->slot_count / 2 && !resize(self, self->slot_count * 2)) {
        gsaw__py_no_memory(self);
        return GSAW_TOKEN_NAME; /* any name will do */
    }
    if (!gsaw__array_reserve(&self->names, self->allocator, 1)) {
        gsaw__py_no_memory(self);
        return GSAW_TOKEN_NAME;
    }
    slot.id = count;
    place(self, slot);
    uint32_t start = count < FIXED_COUNT ? 0 : gsaw__py_offset(self, slot.text);
    self->names.items[self->names.count++] =
        (gsaw__py_spelling){start, slot.length, GSAW_PY_NONE, 0};
    return count;
}

uint32_t gsaw__py_intern(gsaw__py_parser *self, const unsigned char *text, uint32_t length,
                         uint64_t low, uint64_t high)
{
    uint32_t mask = self->slot_count - 1;
    uint32_t at = (uint32_t)hash_of(text, length, low, high) & mask;
    for (;; at = (at + 1) & mask) {
        const gsaw__py_slot *slot = &self->slots[at];
        if (gsaw__py_likely(slot->low == low && slot->high == high && slot->length == length)) {
            if (gsaw__py_likely(length <= 16) || memcmp(slot->text, text, length) == 0)
                return slot->id;
        } else if (slot->text == NULL) {
            return add(self, (gsaw__py_slot){low, high, text, 0, length});
        }
    }
}

uint32_t gsaw__py_intern_text(gsaw__py_parser *self, const unsigned char *text, uint32_t length)
{
    uint64_t words[2] = {0, 0};
    memcpy(words, text, length < 16 ? length : 16);
    return gsaw__py_intern(self, text, length, words[0], words[1]);
}

bool gsaw__py_names_init(gsaw__py_parser *self)
{
    if (!resize(self, SLOTS_MIN))
        return false;
    for (uint32_t i = 0; i < FIXED_COUNT; i++)
        gsaw__py_intern_text(self, (const unsigned char *)FIXED[i], (uint32_t)strlen(FIXED[i]));
    return gsaw__py_count(self, names) == FIXED_COUNT;
}

void gsaw__py_names_clear(gsaw__py_parser *self)
{
    gsaw__free(self->allocator, self->slots, self->slot_count * sizeof *self->slots);
    self->slots = NULL;
    self->slot_count = 0;
    gsaw__array_clear(&self->names, self->allocator);
}

/* The fixed names keep their slots: they were placed first, so no other is in their way. */
static void forget(gsaw__py_parser *self)
{
    uint32_t mask = self->slot_count - 1;
    for (uint32_t id = FIXED_COUNT; id < gsaw__py_count(self, names); id++) {
        const gsaw__py_spelling *name = &self->names.items[id];
        const unsigned char *text = self->source + name->start;
        uint64_t words[2] = {0, 0};
        memcpy(words, text, name->length < 16 ? name->length : 16);
        uint32_t at = (uint32_t)hash_of(text, name->length, words[0], words[1]) & mask;
        while (self->slots[at].text == NULL || self->slots[at].id != id)
            at = (at + 1) & mask;
        self->slots[at].text = NULL;
        self->slots[at].low = self->slots[at].high = 0;
        self->slots[at].length = 0;
    }
}

void gsaw__py_names_reset(gsaw__py_parser *self)
{
    if (self->slot_count == SLOTS_MIN) {
        forget(self);
        self->names.count = FIXED_COUNT;
        return;
    }
    gsaw__py_slot *slots = gsaw__alloc_zero(self->allocator, SLOTS_MIN, sizeof *slots);
    if (slots == NULL) {
        forget(self);
        self->names.count = FIXED_COUNT;
        return;
    }
    gsaw__free(self->allocator, self->slots, self->slot_count * sizeof *slots);
    self->slots = slots;
    self->slot_count = SLOTS_MIN;
    self->names.count = 0;
    for (uint32_t i = 0; i < FIXED_COUNT; i++)
        gsaw__py_intern_text(self, (const unsigned char *)FIXED[i], (uint32_t)strlen(FIXED[i]));
}

/* Source: UAX 31 as PEP 3131 takes it (XID_Start, XID_Continue); tables in py_unicode.c. */
uint32_t gsaw__py_identifier_step(const unsigned char *at, bool begins)
{
    uint32_t code, length;
    if (*at < 0x80) {
        bool is_letter = (*at | 32) >= 'a' && (*at | 32) <= 'z';
        return is_letter || *at == '_' || (!begins && *at >= '0' && *at <= '9');
    }
    if (*at >= 0xf0) {
        code = (uint32_t)(*at & 7) << 18 | (uint32_t)(at[1] & 63) << 12 |
               (uint32_t)(at[2] & 63) << 6 | (at[3] & 63);
        length = 4;
    } else if (*at >= 0xe0) {
        code = (uint32_t)(*at & 15) << 12 | (uint32_t)(at[1] & 63) << 6 | (at[2] & 63);
        length = 3;
    } else {
        code = (uint32_t)(*at & 31) << 6 | (at[1] & 63);
        length = 2;
    }
    return gsaw__py_unicode_has(code, begins) ? length : 0;
}
