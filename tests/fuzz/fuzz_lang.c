/* fuzz_lang.c - libFuzzer on the front ends: the first byte picks the language, the rest is the
 * file.
 * Keeps:   no crash, facts and trees that hold, an end within the limits; what takes longer than
 *          the limit is a finding of libFuzzer's own (-timeout). A corpus begins well with the
 *          inputs of ../golden, each with a byte 0 to 4 before it.
 * Next:    ../stress/test_lang_mutations.c */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lang.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gsaw__lang_state *lang;
    static gsaw__facts_builder builder;
    const gsaw__limits limits = {.time_ns = (uint64_t)2 * 1000 * 1000 * 1000,
                                 .memory = (size_t)128 << 20};
    if (size == 0)
        return 0;
    if (lang == NULL)
        lang = gsaw__lang_state_new(NULL);
    const gsaw__language *language = gsaw__language_at(data[0] % gsaw__language_count());
    char *source = calloc(1, size - 1 + GSAW_SOURCE_PADDING);
    if (lang == NULL || source == NULL)
        abort();
    memcpy(source, data + 1, size - 1);
    gsaw__arena arena = {0};
    gsaw__facts_builder_begin(&builder, source, size - 1);
    language->extract(language, lang, (gsaw__source){source, size - 1}, &limits, &builder);
    const gsaw__facts *facts = gsaw__facts_builder_finish(&builder, &arena);
    if (facts == NULL || !gsaw__facts_check(facts, facts->size))
        abort();
    gsaw__arena_clear(&arena);
    static gsaw_tree_builder trees;
    const gsaw_tree *tree =
        language->tree(language, lang, (gsaw__source){source, size - 1}, &limits, &trees);
    if (tree != NULL && !gsaw__tree_check(tree))
        abort();
    free(source);
    return 0;
}
