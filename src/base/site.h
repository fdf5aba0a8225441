/* site.h - the place in the source of each atomic operation, for builds under the simulated
 * machine.
 * Keeps:   a site is made once for each place (and once more for each inlined copy); the hook of
 *          the operation takes it from gsaw__site_now and leaves NULL there.
 * Threads: the one real thread of the simulation.
 * Next:    atomic.h, sim/hooks.c */
#ifndef GSAW_BASE_SITE_H
#define GSAW_BASE_SITE_H

typedef struct gsaw__site {
    const char *file;
    const char *what; /* the operation with its order, as in atomic.h */
    int line;
    int order; /* -1: not looked up; 0: as written; else 1 + the memory_order to use instead */
} gsaw__site;

extern gsaw__site *gsaw__site_now; /* of the operation that comes next; NULL: not known */

/* Operands come first, since they may contain operations themselves. GNU C. */
#define GSAW_SITE(text)                                                                            \
    static gsaw__site gsaw__site_here = {__FILE__, text, __LINE__, -1};                            \
    gsaw__site_now = &gsaw__site_here

#define GSAW_ATOMIC_LOAD(at, order)                                                                \
    __extension__({                                                                                \
        __auto_type gsaw__at = (at);                                                               \
        GSAW_SITE("load_" #order);                                                                 \
        atomic_load_explicit(gsaw__at, memory_order_##order);                                      \
    })
#define GSAW_ATOMIC_STORE(at, value, order)                                                        \
    __extension__({                                                                                \
        __auto_type gsaw__at = (at);                                                               \
        __auto_type gsaw__value = (value);                                                         \
        GSAW_SITE("store_" #order);                                                                \
        atomic_store_explicit(gsaw__at, gsaw__value, memory_order_##order);                        \
    })
#define GSAW_ATOMIC_CHANGE(name, function, at, value, order)                                       \
    __extension__({                                                                                \
        __auto_type gsaw__at = (at);                                                               \
        __auto_type gsaw__value = (value);                                                         \
        GSAW_SITE(#name "_" #order);                                                               \
        function(gsaw__at, gsaw__value, memory_order_##order);                                     \
    })
#define GSAW_ATOMIC_SWAP(at, expected, value, order, failure)                                      \
    __extension__({                                                                                \
        __auto_type gsaw__at = (at);                                                               \
        __auto_type gsaw__expected = (expected);                                                   \
        __auto_type gsaw__value = (value);                                                         \
        GSAW_SITE("cas_" #order);                                                                  \
        atomic_compare_exchange_strong_explicit(gsaw__at, gsaw__expected, gsaw__value,             \
                                                memory_order_##order, memory_order_##failure);     \
    })

#endif
