/* event_loop.c - a loop around poll(2) that gives work away and is never blocked by it.
 *
 * Tasks put themselves on a list when they have ended and ring an eventfd(2); the loop wakes up,
 * takes the list, and goes on. try_submit refuses instead of blocking when too much is in flight.
 *
 *     cc event_loop.c $(pkg-config --cflags --libs gangsaw) -o event_loop */
#include <gangsaw/task.h>

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { REQUESTS = 100 };

typedef struct loop loop;

/* A request and its task in one: nothing is allocated to submit it. */
typedef struct request {
    gsaw_task task;
    loop *owner;
    struct request *next; /* on the list of those that have ended */
    uint64_t number;
} request;

struct loop {
    gsaw_pool *pool;
    gsaw_group group;
    int bell;
    pthread_mutex_t lock; /* the list */
    request *ended;
    request requests[REQUESTS];
};

static gsaw_status serve(gsaw_worker *worker, void *argument, uint64_t *value)
{
    (void)worker;
    request *self = argument;
    *value = self->number * 2; /* the work */
    pthread_mutex_lock(&self->owner->lock);
    self->next = self->owner->ended;
    self->owner->ended = self;
    pthread_mutex_unlock(&self->owner->lock);
    const uint64_t one = 1;
    return write(self->owner->bell, &one, sizeof one) == sizeof one ? GSAW_OK : GSAW_SYSTEM;
}

/* What the loop does when the bell has rung: returns how many requests have ended. */
static int take_ended(loop *self, uint64_t *sum)
{
    uint64_t rung;
    if (read(self->bell, &rung, sizeof rung) != sizeof rung)
        return 0;
    pthread_mutex_lock(&self->lock);
    request *ended = self->ended;
    self->ended = NULL;
    pthread_mutex_unlock(&self->lock);
    int count = 0;
    for (; ended != NULL; ended = ended->next, count++)
        *sum += ended->number;
    return count;
}

int main(void)
{
    static loop self = {.lock = PTHREAD_MUTEX_INITIALIZER};
    gsaw_pool_options options = {.size = sizeof options, .tasks_max = 10};
    self.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self.bell < 0 || gsaw_pool_new(&options, &self.pool, NULL) != GSAW_OK)
        return 1;
    int sent = 0, ended = 0;
    uint64_t sum = 0;
    while (ended < REQUESTS) {
        /* Give away as much as is taken; the rest when some has ended. */
        for (; sent < REQUESTS; sent++) {
            request *next = &self.requests[sent];
            *next = (request){.task = {.function = serve, .argument = next},
                              .owner = &self,
                              .number = (uint64_t)sent};
            gsaw_status status = gsaw_pool_try_submit(self.pool, &self.group, &next->task);
            if (status == GSAW_AGAIN)
                break;
            if (status != GSAW_OK)
                return 1;
        }
        /* A task rings on its last steps: for a moment more the pool may count it as in flight. */
        struct pollfd events = {.fd = self.bell, .events = POLLIN}; /* sockets would be here, too */
        if (poll(&events, 1, sent < REQUESTS ? 1 : -1) > 0)
            ended += take_ended(&self, &sum);
    }
    gsaw_pool_wait(self.pool, &self.group); /* the last tasks may be on their last steps */
    gsaw_pool_free(self.pool);
    close(self.bell);
    printf("%d requests served, sum %" PRIu64 "\n", ended, sum);
    return 0;
}
