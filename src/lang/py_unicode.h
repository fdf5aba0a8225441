/* py_unicode.h - identifiers beyond ASCII.
 * Keeps:   XID_Start and XID_Continue as Python has them (PEP 3131).
 * Threads: any.
 * Next:    py_unicode.c */
#ifndef GSAW_LANG_PY_UNICODE_H
#define GSAW_LANG_PY_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a character beyond ASCII may begin an identifier, or stand in one. */
bool gsaw__py_unicode_has(uint32_t code, bool begins);

#endif
