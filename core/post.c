/* post.c - what other threads say to the loop: arrivals, completions, requests. One wake-up a turn
 * is enough. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/shared.h"
#include "http/client.h"
#include "host.h"
#include "storage/pool.h"

void loop_wake(struct loop *l)
{
    if (l->wake_fd < 0) return;
    uint64_t one = 1;
    while (write(l->wake_fd, &one, sizeof one) < 0 && errno == EINTR) continue;
}

/* Called with the lock held; one write a turn is enough. */
static int must_wake(struct loop *l)
{
    int wake = !l->woken;
    l->woken = 1;
    return wake;
}

void loop_post_arrivals(struct loop *l, struct arrival_list *list, struct http_ticket *ticket)
{
    (void)ticket;
    pthread_mutex_lock(&l->lock);
    TAILQ_CONCAT(&l->arrivals, list, link);
    int wake = must_wake(l);
    pthread_mutex_unlock(&l->lock);
    if (wake) loop_wake(l);
}

static void post_completion(struct loop *l, uint64_t call, struct http_job *http,
                            struct pool_job *job)
{
    struct completion *back = xcalloc(1, sizeof *back);
    back->call = call;
    back->http = http;
    back->job = job;
    pthread_mutex_lock(&l->lock);
    TAILQ_INSERT_TAIL(&l->completions, back, link);
    int wake = must_wake(l);
    pthread_mutex_unlock(&l->lock);
    if (wake) loop_wake(l);
}

void loop_post_http(struct loop *l, struct http_job *job)
{
    post_completion(l, job->id, job, NULL);
}

void loop_post_job(struct loop *l, struct pool_job *job)
{
    post_completion(l, job->id, NULL, job);
}

void loop_post_request(struct loop *l, struct event *ev)
{
    pthread_mutex_lock(&l->lock);
    TAILQ_INSERT_TAIL(&l->requests, ev, link);
    int wake = must_wake(l);
    pthread_mutex_unlock(&l->lock);
    if (wake) loop_wake(l);
}

void completion_drop(struct loop *l, struct completion *c)
{
    if (c->job && c->job->checkpoint) checkpoint_came(l->host, c->job);
    completion_free(c);
}

void completion_free(struct completion *c)
{
    if (!c) return;
    if (c->shared) {
        shared_release(c->shared);
    } else {
        http_job_free(c->http);
        pool_job_free(c->job);
    }
    free(c->text);
    free(c);
}
