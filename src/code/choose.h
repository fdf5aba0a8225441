/* choose.h - which candidates of a directory stay: ignore files, exclude and include patterns.
 * Keeps:   precedence, highest first: exclude patterns; ignore files of the deepest directory,
 *          there .gangsawignore, .ignore, .gitignore; .git/info/exclude of the root. Then includes.
 * Threads: as the lister.
 * Next:    choose.c, rules.h, listing.h */
#ifndef GSAW_CODE_CHOOSE_H
#define GSAW_CODE_CHOOSE_H

#include "code/listing.h"
#include "code/sort.h"

#define GSAW_IGNORE_FILE_COUNT 3

/* Which of the ignore files a directory has (known from its listing: nothing is tried in vain). */
typedef struct gsaw__ignore_files {
    uint8_t types[GSAW_IGNORE_FILE_COUNT]; /* enum gsaw__entry_type + 1; 0: there is none */
    bool has_git;                          /* a directory .git */
} gsaw__ignore_files;

/* Look at a name that begins with a dot. */
void gsaw__ignore_files_note(gsaw__ignore_files *self, const char *name, uint8_t type);

/* Append a candidate (listing.c); name and is_directory are set here. False: memory is out. */
bool gsaw__lister_add(gsaw__lister *self, const gsaw__candidate *candidate, const char *name);

/* Read the directory's ignore files and set dir->rules. One that cannot be read becomes a candidate
 * with its reason. False: memory is out. */
bool gsaw__lister_read_rules(gsaw__lister *self, gsaw__dir *dir, const gsaw__ignore_files *found);

/* Drop the candidates that patterns leave out. False: memory is out. */
bool gsaw__lister_choose(gsaw__lister *self, const gsaw__dir *dir);

#endif
