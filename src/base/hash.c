/* hash.c - the table hash (folded multiply, 8 bytes a step) and SHA-256 by nettle.
 * Threads: any.
 * Next:    hash.h. Source of the mixing step: the 128-bit folded multiply of wyhash (W. Yi,
 *          2019). */
#include "base/hash.h"

#include <string.h>

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load(const unsigned char *at, size_t count)
{
    uint64_t word = 0;
    memcpy(&word, at, count);
    return word;
}

uint64_t gsaw__hash_bytes(const void *bytes, size_t count)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u, other = 0xD6E8FEB86659FD93u;
    const unsigned char *at = bytes;
    uint64_t hash = count * odd;
    for (; count > 8; at += 8, count -= 8)
        hash = fold(hash ^ load(at, 8), odd);
    if (count != 0)
        hash = fold(hash ^ load(at, count), odd);
    return fold(hash ^ other, odd);
}

void gsaw__digester_init(gsaw__digester *self) { sha256_init(self); }

void gsaw__digester_update(gsaw__digester *self, const void *bytes, size_t count)
{
    sha256_update(self, count, bytes);
}

void gsaw__digester_finish(gsaw__digester *self, gsaw__digest *out)
{
    sha256_digest(self, sizeof out->bytes, out->bytes);
}

void gsaw__digest_bytes(const void *bytes, size_t count, gsaw__digest *out)
{
    gsaw__digester digester;
    gsaw__digester_init(&digester);
    gsaw__digester_update(&digester, bytes, count);
    gsaw__digester_finish(&digester, out);
}

void gsaw__digest_text(const gsaw__digest *self, char out[GSAW_DIGEST_TEXT_SIZE])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < GSAW_DIGEST_SIZE; i++) {
        out[2 * i] = hex[self->bytes[i] >> 4];
        out[2 * i + 1] = hex[self->bytes[i] & 15];
    }
    out[GSAW_DIGEST_TEXT_SIZE - 1] = 0;
}
