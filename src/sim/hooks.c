/* hooks.c - what the compiler calls for each access to memory (-fsanitize=thread), and atomics.
 * Keeps:   outside of a run an atomic is the real one, and a plain access nothing.
 * Threads: in a run the host's, else any.
 * Next:    memory.c, races.c. Source: the interface of ThreadSanitizer that gcc 12 and clang 14
 *          compile for (gcc: sanitizer.def; LLVM: tsan_interface.h, tsan_interface_atomic.h). */
#include "sim/machine.h"

#include <stdatomic.h>

#include "base/site.h"

/* tidy: allow mutable-globals: handed from the macros of atomic.h to the hook that follows */
gsaw__site *gsaw__site_now;

#define HOOK(result, name, ...)                                                                    \
    GSAW_API result __tsan_##name(__VA_ARGS__);                                                    \
    GSAW_API result __tsan_##name(__VA_ARGS__)

static void access(const void *at, size_t size, unsigned kind, const void *caller)
{
    if (!gsaw__sim.is_running)
        return;
    gsaw__sim.current->caller = caller;
    if (at != (const void *)&gsaw__site_now && !gsaw__machine_is_local(at))
        gsaw__races_access(at, size, kind);
}

#define CALLER __builtin_return_address(0)

/* Plain accesses of so many bytes. */
#define PLAIN(read, write, bytes)                                                                  \
    HOOK(void, read, void *at) { access(at, bytes, GSAW_ACCESS_READ, CALLER); }                    \
    HOOK(void, write, void *at) { access(at, bytes, GSAW_ACCESS_WRITE, CALLER); }
PLAIN(read1, write1, 1)
PLAIN(read2, write2, 2)
PLAIN(read4, write4, 4)
PLAIN(read8, write8, 8)
PLAIN(read16, write16, 16)
PLAIN(unaligned_read2, unaligned_write2, 2)
PLAIN(unaligned_read4, unaligned_write4, 4)
PLAIN(unaligned_read8, unaligned_write8, 8)
PLAIN(unaligned_read16, unaligned_write16, 16)
PLAIN(volatile_read1, volatile_write1, 1)
PLAIN(volatile_read2, volatile_write2, 2)
PLAIN(volatile_read4, volatile_write4, 4)
PLAIN(volatile_read8, volatile_write8, 8)
PLAIN(volatile_read16, volatile_write16, 16)
PLAIN(unaligned_volatile_read2, unaligned_volatile_write2, 2)
PLAIN(unaligned_volatile_read4, unaligned_volatile_write4, 4)
PLAIN(unaligned_volatile_read8, unaligned_volatile_write8, 8)
PLAIN(unaligned_volatile_read16, unaligned_volatile_write16, 16)
HOOK(void, read_range, void *at, unsigned long size) { access(at, size, GSAW_ACCESS_READ, CALLER); }
HOOK(void, write_range, void *at, unsigned long size)
{
    access(at, size, GSAW_ACCESS_WRITE, CALLER);
}

/* Nothing to do for these. */
HOOK(void, init, void) {}
HOOK(void, func_entry, void *caller) { (void)caller; }
HOOK(void, func_exit, void) {}
HOOK(void, vptr_update, void **at, void *value) { (void)at, (void)value; }
HOOK(void, vptr_read, void **at) { (void)at; }
HOOK(void, atomic_signal_fence, int order) { (void)order; }

/* A fence is made the strongest there is: our own code has none. */
HOOK(void, atomic_thread_fence, int order)
{
    (void)order;
    atomic_thread_fence(memory_order_seq_cst);
    if (gsaw__sim.is_running) {
        gsaw__machine_pass();
        gsaw__memory_barrier();
    }
}

static uint64_t exchange(uint64_t old, uint64_t operand) { return (void)old, operand; }
static uint64_t add(uint64_t old, uint64_t operand) { return old + operand; }
static uint64_t sub(uint64_t old, uint64_t operand) { return old - operand; }
static uint64_t and (uint64_t old, uint64_t operand) { return old & operand; }
static uint64_t or (uint64_t old, uint64_t operand) { return old | operand; }
static uint64_t xor (uint64_t old, uint64_t operand) { return old ^ operand; } static uint64_t
    nand(uint64_t old, uint64_t operand)
{
    return ~(old & operand);
}

/* Whether this is in a run. The site is its thread's from here on, until done: others may come
 * first. */
static bool enter(const void *caller)
{
    if (!gsaw__sim.is_running)
        return false;
    gsaw__sim.current->caller = caller;
    gsaw__sim.current->site = gsaw__site_now;
    gsaw__site_now = NULL;
    return true;
}
static uint64_t done(uint64_t value)
{
    gsaw__sim.current->site = NULL;
    return value;
}

static uint64_t change(void *at, uint32_t size, gsaw__change *how, uint64_t operand, int order)
{
    return done(gsaw__memory_change(at, size, how, operand, order));
}

#define CHANGE(type, bits, name, how)                                                              \
    HOOK(type, atomic##bits##_##name, volatile type *at, type value, int order)                    \
    {                                                                                              \
        if (!enter(CALLER))                                                                        \
            return __atomic_##name(at, value, __ATOMIC_SEQ_CST);                                   \
        return (type)change((void *)(uintptr_t)at, bits / 8, how, value, order);                   \
    }
#define CHANGE_N(type, bits)                                                                       \
    HOOK(type, atomic##bits##_exchange, volatile type *at, type value, int order)                  \
    {                                                                                              \
        if (!enter(CALLER))                                                                        \
            return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                               \
        return (type)change((void *)(uintptr_t)at, bits / 8, exchange, value, order);              \
    }
#define SWAP(type, bits, name)                                                                     \
    HOOK(int, atomic##bits##_compare_exchange_##name, volatile type *at, type *expected,           \
         type value, int order, int failure)                                                       \
    {                                                                                              \
        if (!enter(CALLER))                                                                        \
            return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,       \
                                               __ATOMIC_SEQ_CST);                                  \
        uint64_t wide = *expected;                                                                 \
        bool is_done = gsaw__memory_swap((void *)(uintptr_t)at, bits / 8, &wide, value,            \
                                         (int[]){order, failure});                                 \
        *expected = (type)wide;                                                                    \
        return (int)done(is_done);                                                                 \
    }
#define ATOMIC(type, bits)                                                                         \
    HOOK(type, atomic##bits##_load, const volatile type *at, int order)                            \
    {                                                                                              \
        if (!enter(CALLER))                                                                        \
            return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                          \
        return (type)done(gsaw__memory_load((const void *)(uintptr_t)at, bits / 8, order));        \
    }                                                                                              \
    HOOK(void, atomic##bits##_store, volatile type *at, type value, int order)                     \
    {                                                                                              \
        if (!enter(CALLER)) {                                                                      \
            __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                         \
            return;                                                                                \
        }                                                                                          \
        gsaw__memory_store((void *)(uintptr_t)at, bits / 8, value, order);                         \
        done(0);                                                                                   \
    }                                                                                              \
    CHANGE_N(type, bits)                                                                           \
    CHANGE(type, bits, fetch_add, add)                                                             \
    CHANGE(type, bits, fetch_sub, sub)                                                             \
    CHANGE(type, bits, fetch_and, and)                                                             \
    CHANGE(type, bits, fetch_or, or)                                                               \
    CHANGE(type, bits, fetch_xor, xor)                                                             \
    CHANGE(type, bits, fetch_nand, nand)                                                           \
    SWAP(type, bits, strong)                                                                       \
    SWAP(type, bits, weak)

ATOMIC(uint8_t, 8)
ATOMIC(uint16_t, 16)
ATOMIC(uint32_t, 32)
ATOMIC(uint64_t, 64)
