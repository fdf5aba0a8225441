/* atomic.h - the only way to atomics: C11 operations with the order always in the name.
 * Keeps:   no default (seq_cst by omission) orders and no standalone fences: ThreadSanitizer
 *          cannot see fences, so an order is put on the operation.
 * Threads: every site carries a tag naming its partner: [T1] release, pairs with T1 in take().
 * Next:    thread.h */
#ifndef GSAW_BASE_ATOMIC_H
#define GSAW_BASE_ATOMIC_H

#include <stdatomic.h>

#define GSAW_CACHE_LINE 64
#define GSAW_SEPARATION                                                                            \
    128 /* bytes between what two threads write: adjacent lines are fetched in pairs */

/* Under the simulated machine (GSAW_SIM) each operation also says where it stands. */
#if defined(GSAW_SIM)
#include "base/site.h"
#else
#define GSAW_ATOMIC_LOAD(at, order) atomic_load_explicit((at), memory_order_##order)
#define GSAW_ATOMIC_STORE(at, value, order)                                                        \
    atomic_store_explicit((at), (value), memory_order_##order)
#define GSAW_ATOMIC_CHANGE(name, function, at, value, order)                                       \
    function((at), (value), memory_order_##order)
#define GSAW_ATOMIC_SWAP(at, expected, value, order, failure)                                      \
    atomic_compare_exchange_strong_explicit((at), (expected), (value), memory_order_##order,       \
                                            memory_order_##failure)
#endif

#define gsaw__load_relaxed(at) GSAW_ATOMIC_LOAD(at, relaxed)
#define gsaw__load_acquire(at) GSAW_ATOMIC_LOAD(at, acquire)
#define gsaw__load_seq_cst(at) GSAW_ATOMIC_LOAD(at, seq_cst)
#define gsaw__store_relaxed(at, value) GSAW_ATOMIC_STORE(at, value, relaxed)
#define gsaw__store_release(at, value) GSAW_ATOMIC_STORE(at, value, release)
#define gsaw__store_seq_cst(at, value) GSAW_ATOMIC_STORE(at, value, seq_cst)
#define gsaw__add_relaxed(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(add, atomic_fetch_add_explicit, at, value, relaxed)
#define gsaw__add_release(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(add, atomic_fetch_add_explicit, at, value, release)
#define gsaw__add_acq_rel(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(add, atomic_fetch_add_explicit, at, value, acq_rel)
#define gsaw__add_seq_cst(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(add, atomic_fetch_add_explicit, at, value, seq_cst)
#define gsaw__sub_relaxed(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(sub, atomic_fetch_sub_explicit, at, value, relaxed)
#define gsaw__sub_acquire(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(sub, atomic_fetch_sub_explicit, at, value, acquire)
#define gsaw__sub_acq_rel(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(sub, atomic_fetch_sub_explicit, at, value, acq_rel)
#define gsaw__sub_seq_cst(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(sub, atomic_fetch_sub_explicit, at, value, seq_cst)
#define gsaw__and_relaxed(at, value)                                                               \
    GSAW_ATOMIC_CHANGE(and, atomic_fetch_and_explicit, at, value, relaxed)
#define gsaw__or_relaxed(at, value)                                                                \
    GSAW_ATOMIC_CHANGE(or, atomic_fetch_or_explicit, at, value, relaxed)
#define gsaw__or_acq_rel(at, value)                                                                \
    GSAW_ATOMIC_CHANGE(or, atomic_fetch_or_explicit, at, value, acq_rel)
#define gsaw__or_seq_cst(at, value)                                                                \
    GSAW_ATOMIC_CHANGE(or, atomic_fetch_or_explicit, at, value, seq_cst)
#define gsaw__exchange_acq_rel(at, value)                                                          \
    GSAW_ATOMIC_CHANGE(exchange, atomic_exchange_explicit, at, value, acq_rel)
#define gsaw__cas_relaxed(at, expected, value)                                                     \
    GSAW_ATOMIC_SWAP(at, expected, value, relaxed, relaxed)
#define gsaw__cas_release(at, expected, value)                                                     \
    GSAW_ATOMIC_SWAP(at, expected, value, release, relaxed)
#define gsaw__cas_acq_rel(at, expected, value)                                                     \
    GSAW_ATOMIC_SWAP(at, expected, value, acq_rel, acquire)
#define gsaw__cas_seq_cst(at, expected, value)                                                     \
    GSAW_ATOMIC_SWAP(at, expected, value, seq_cst, seq_cst)

/* Keeps the compiler from moving accesses across, and costs nothing; the processor may still move
 * them: for the one side of an asymmetric barrier, whose other side is gsaw__process_barrier. */
#define gsaw__compiler_barrier() atomic_signal_fence(memory_order_seq_cst)

#endif
