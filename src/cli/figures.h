/* figures.h - numbers for people: 1,234,567; 48.1 MB; 840 ms.
 * Keeps:   decimal units (MB is 1,000,000 bytes), three digits that matter, no locale.
 * Threads: as the buffer.
 * Next:    figures.c */
#ifndef GSAW_CLI_FIGURES_H
#define GSAW_CLI_FIGURES_H

#include "base/buffer.h"

void gsaw__figure_count(gsaw__buffer *out, uint64_t count); /* 1,234,567 */
void gsaw__figure_bytes(gsaw__buffer *out, double bytes);   /* 999 B, 48.1 MB */
void gsaw__figure_time(gsaw__buffer *out, uint64_t ns);     /* 840 us, 12.3 ms, 4.56 s, 2m05s */

#endif
