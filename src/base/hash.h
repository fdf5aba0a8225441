/* hash.h - two hashes: a fast one for tables, SHA-256 for identity.
 * Keeps:   the fast one may change between versions and is never written out; SHA-256 (FIPS 180-4,
 *          by nettle) is what users can repeat with sha256sum.
 * Threads: any.
 * Next:    hash.c, map.h */
#ifndef GSAW_BASE_HASH_H
#define GSAW_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/sha2.h>

#define GSAW_DIGEST_SIZE 32
#define GSAW_DIGEST_TEXT_SIZE 65

/* A 64-bit hash of bytes for in-memory tables. Not stable, not secure against chosen keys. */
uint64_t gsaw__hash_bytes(const void *bytes, size_t count);

typedef struct gsaw__digest {
    uint8_t bytes[GSAW_DIGEST_SIZE];
} gsaw__digest;

typedef struct sha256_ctx gsaw__digester;

/* The digest of bytes that come in pieces: init, update for each piece, finish. */
void gsaw__digester_init(gsaw__digester *self);
void gsaw__digester_update(gsaw__digester *self, const void *bytes, size_t count);
void gsaw__digester_finish(gsaw__digester *self, gsaw__digest *out); /* self is as after init */

/* The digest of one run of bytes. */
void gsaw__digest_bytes(const void *bytes, size_t count, gsaw__digest *out);

/* 64 lower-case hexadecimal digits and a zero byte. */
void gsaw__digest_text(const gsaw__digest *self, char out[GSAW_DIGEST_TEXT_SIZE]);

#endif
