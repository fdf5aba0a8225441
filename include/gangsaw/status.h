/* gangsaw/status.h - what every function of libgangsaw returns, and the error detail it can fill
 * in.
 *
 * A function that can fail returns a gsaw_status; its results go through `out` parameters, which
 * are left alone on failure unless it says otherwise. The detail (which file, which key, which
 * errno) goes into the caller's gsaw_error, which may always be NULL. The library never prints and
 * never exits. */
#ifndef GANGSAW_STATUS_H
#define GANGSAW_STATUS_H

#include <stddef.h>

/* The headers are for C11 and for C++11. What is atomic in C is to C++ a plain word of the same
 * size and alignment, which it leaves alone: the library's functions read and write it. A member of
 * a struct, and what a pointer points at: */
#ifdef __cplusplus
#define GSAW_ATOMIC(type) alignas(sizeof(type)) type
#define GSAW_ATOMIC_AT(type) type
#else
#include <stdatomic.h>
#define GSAW_ATOMIC(type) _Atomic(type)
#define GSAW_ATOMIC_AT(type) _Atomic(type)
#endif

#if defined(__GNUC__)
#define GSAW_API __attribute__((visibility("default")))
#define GSAW_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define GSAW_NORETURN __attribute__((noreturn))
#else
#define GSAW_API
#define GSAW_NORETURN
#define GSAW_PRINTF(text, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The one table of statuses: name, text. New rows are added at the end; a number never changes. */
#define GSAW_STATUS_TABLE(row)                                                                     \
    row(OK, "done")                                                                                \
    row(NO_MEMORY, "out of memory")                                                                \
    row(INVALID, "invalid argument")                                                               \
    row(RANGE, "value out of range")                                                               \
    row(NOT_FOUND, "not found")                                                                    \
    row(EXISTS, "already exists")                                                                  \
    row(AGAIN, "full: try again later")                                                            \
    row(CANCELLED, "cancelled")                                                                    \
    row(CLOSED, "already shut down")                                                               \
    row(TIMEOUT, "deadline passed")                                                                \
    row(LIMIT, "a configured limit was reached")                                                   \
    row(SYSTEM, "the operating system reported an error")                                          \
    row(DAMAGED, "damaged data")                                                                   \
    row(UNSUPPORTED, "not supported")

#define GSAW_STATUS_ENUM(name, text) GSAW_##name,
typedef enum gsaw_status { GSAW_STATUS_TABLE(GSAW_STATUS_ENUM) GSAW_STATUS_COUNT } gsaw_status;
#undef GSAW_STATUS_ENUM

/* Detail of a failure, in the caller's storage; all-zero is valid and means "no error". */
typedef struct gsaw_error {
    gsaw_status status;
    int os_errno;   /* errno when status is GSAW_SYSTEM, else 0 */
    char text[248]; /* one line for people, no newline at the end, truncated to fit */
} gsaw_error;

/* Where the library writes text to: return GSAW_OK, or anything else to stop the writing with that
 * status. */
typedef gsaw_status gsaw_write_function(void *context, const char *bytes, size_t size);

/* The stable name of a status ("NO_MEMORY"), for logs and tests; "UNKNOWN" out of range.
 * Never NULL; any thread. */
GSAW_API const char *gsaw_status_name(gsaw_status status);

/* The text of a status for people. Never NULL; any thread. */
GSAW_API const char *gsaw_status_text(gsaw_status status);

/* The version of the library, "major.minor.patch". Never NULL; any thread. */
GSAW_API const char *gsaw_version(void);

#ifdef __cplusplus
}
#endif

#endif
