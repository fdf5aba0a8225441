/* setting.h - options in files and JSON: values of their own types out.
 * Keeps:   what is written is a value in JSON and in TOML alike, and is read back as the same.
 * Threads: as the struct of fields.
 * Next:    setting.c, option.h */
#ifndef GSAW_BASE_SETTING_H
#define GSAW_BASE_SETTING_H

#include "base/option.h"

/* Append the value in effect (the default's where the field is 0), as JSON and TOML write it:
 * 4, true, "8M", ["*.py"]. False, and nothing appended, when no value says it (the default is in
 * words). */
bool gsaw__setting_format(const gsaw__option *self, const void *fields, gsaw__buffer *out);

#endif
