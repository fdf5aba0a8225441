/* fuzz_toml.c - libFuzzer on the TOML reader: any bytes end in a tree or in an error.
 * Keeps:   no crash, no leak; an error has its place. A corpus begins well with pyproject.toml
 *          files.
 * Next:    base/toml.h, ../cli/test_toml.py */
#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gsaw__arena arena = {0};
    gsaw_error error = {0};
    const gsaw__value *root;
    gsaw_status status = gsaw__toml_read((const char *)data, size, &arena, &root, &error);
    if ((status == GSAW_OK) != (root != NULL))
        abort();
    if (status != GSAW_OK && !isdigit((unsigned char)error.text[0]))
        abort();
    gsaw__arena_clear(&arena);
    return 0;
}
