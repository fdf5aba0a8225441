/* hello_task.c - one task from outside, a hundred in a loop, and a tree of forks.
 *
 *     cc hello_task.c $(pkg-config --cflags --libs gangsaw) -o hello_task */
#include <gangsaw/task.h>

#include <inttypes.h>
#include <stdio.h>

/* A task gets a value and leaves its result in its place. */
static gsaw_status square(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker, (void)argument;
    *value *= *value;
    return GSAW_OK;
}

/* What a loop does with a part of its indices. */
static gsaw_status square_range(gsaw_worker *worker, void *argument, size_t first, size_t end)
{
    (void)worker;
    uint64_t *squares = argument;
    for (size_t i = first; i < end; i++)
        squares[i] = (uint64_t)i * i;
    return GSAW_OK;
}

/* Fork one half, call the other, join: the forked task lies on this stack.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as the number */
static gsaw_status fibonacci(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)argument;
    if (*value < 2)
        return GSAW_OK;
    gsaw_task half = {.function = fibonacci, .value = *value - 1};
    gsaw_worker_fork(worker, &half);
    uint64_t other = *value - 2;
    gsaw_status called = fibonacci(worker, NULL, &other);
    gsaw_status joined = gsaw_worker_join(worker, &half);
    *value = half.value + other;
    return called == GSAW_OK ? joined : called;
}

int main(void)
{
    gsaw_error error = {0};
    gsaw_pool *pool;
    if (gsaw_pool_new(NULL, &pool, &error) != GSAW_OK) {
        fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    gsaw_group group = {0};
    gsaw_task one = {.function = square, .value = 12};
    gsaw_task tree = {.function = fibonacci, .value = 25};
    if (gsaw_pool_submit(pool, &group, &one) != GSAW_OK ||
        gsaw_pool_submit(pool, &group, &tree) != GSAW_OK)
        return 1; /* only a pool that was shut down refuses */
    gsaw_status waited = gsaw_pool_wait(pool, &group);

    uint64_t squares[100], sum = 0;
    gsaw_for_options loop = {.size = sizeof loop, .count = 100};
    gsaw_status looped = gsaw_pool_for(pool, &loop, square_range, squares);
    for (int i = 0; i < 100; i++)
        sum += squares[i];
    gsaw_pool_free(pool);

    printf("12 squared is %" PRIu64 "\n", one.value);
    printf("fibonacci of 25 is %" PRIu64 "\n", tree.value);
    printf("the first hundred squares sum to %" PRIu64 "\n", sum);
    return waited == GSAW_OK && looped == GSAW_OK ? 0 : 1;
}
