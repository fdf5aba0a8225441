/* arguments.c - walks argv by the option tables.
 * Keeps:   nothing is set here: the walk can be repeated (options.c looks for the command first).
 * Threads: one at a time.
 * Next:    arguments.h */
#include "cli/arguments.h"

#include <stdio.h>
#include <string.h>

static void find_flag(const gsaw__arguments *self, const char *flag, size_t size,
                      gsaw__argument *out)
{
    for (uint32_t i = 0; i < self->table_count && out->option == NULL; i++) {
        out->option = gsaw__option_find(self->tables[i], flag, size);
        out->table = i;
    }
}

static void find_letter(const gsaw__arguments *self, char letter, gsaw__argument *out)
{
    for (uint32_t i = 0; i < self->table_count && out->option == NULL; i++) {
        out->option = gsaw__option_find_letter(self->tables[i], letter);
        out->table = i;
    }
}

static const char *take_item(gsaw__arguments *self)
{
    return self->next < self->count ? self->items[self->next++] : NULL;
}

static void next_long(gsaw__arguments *self, gsaw__argument *out)
{
    const char *flag = out->text + 2;
    size_t size = strcspn(flag, "=");
    find_flag(self, flag, size, out);
    if (out->option == NULL)
        return;
    out->kind = GSAW_ARGUMENT_OPTION;
    snprintf(out->label, sizeof out->label, "--%s", out->option->flag);
    if (flag[size] == '=')
        out->value = flag + size + 1;
    else if (out->option->kind != GSAW_OPTION_FLAG)
        out->value = take_item(self);
}

static void next_letter(gsaw__arguments *self, gsaw__argument *out)
{
    char letter = *self->letters++;
    find_letter(self, letter, out);
    if (out->option == NULL) {
        self->letters = NULL;
        return;
    }
    out->kind = GSAW_ARGUMENT_OPTION;
    snprintf(out->label, sizeof out->label, "-%c", letter);
    if (out->option->kind != GSAW_OPTION_FLAG) {
        out->value = *self->letters != 0 ? self->letters : take_item(self);
        self->letters = NULL;
    } else if (*self->letters == 0) {
        self->letters = NULL;
    }
}

/* -json is a slip for --json, not the letters j, s, o, n. */
static bool is_long_slip(const gsaw__arguments *self, const char *text)
{
    gsaw__argument found = {.option = NULL};
    size_t size = strcspn(text + 1, "=");
    if (size > 1)
        find_flag(self, text + 1, size, &found);
    return found.option != NULL;
}

void gsaw__arguments_next(gsaw__arguments *self, gsaw__argument *out)
{
    *out = (gsaw__argument){.kind = GSAW_ARGUMENT_UNKNOWN};
    if (self->letters != NULL) {
        out->text = self->items[self->next - 1];
        next_letter(self, out);
        return;
    }
    out->text = take_item(self);
    if (out->text != NULL && !self->ended && strcmp(out->text, "--") == 0) {
        self->ended = true;
        out->text = take_item(self);
    }
    if (out->text == NULL) {
        out->kind = GSAW_ARGUMENT_END;
    } else if (self->ended || out->text[0] != '-' || out->text[1] == 0) {
        out->kind = GSAW_ARGUMENT_WORD;
    } else if (out->text[1] == '-') {
        next_long(self, out);
    } else if (!is_long_slip(self, out->text)) {
        self->letters = out->text + 1;
        next_letter(self, out);
    }
}
