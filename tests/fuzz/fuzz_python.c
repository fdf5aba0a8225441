/* fuzz_python.c - libFuzzer on the native Python front end.
 * Keeps:   no crash, facts that hold, and an end: what takes longer is a finding of libFuzzer's own
 *          (-timeout). A corpus begins well with the inputs of ../golden/python.
 * Next:    ../stress/test_python_mutations.c */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lang.h"
#include "lang/py_facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static gsaw__py_parser *parser;
    if (parser == NULL)
        parser = gsaw__py_parser_new(NULL);
    char *source = calloc(1, size + GSAW_SOURCE_PADDING);
    if (parser == NULL || source == NULL)
        abort();
    if (size != 0)
        memcpy(source, data, size);
    gsaw__arena arena = {0};
    gsaw__python_facts facts;
    gsaw__python_parse(parser, source, size, &arena, &facts);
    if (facts.status == GSAW_FILE_FAILED || !gsaw__python_facts_check(&facts, size))
        abort();
    gsaw__arena_clear(&arena);
    free(source);
    return 0;
}
