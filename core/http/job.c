/* job.c - a request's memory; see client.h. */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "../base/shared.h"

void http_job_free(struct http_job *job)
{
    if (!job) return;
    free(job->method);
    free(job->url);
    free(job->headers);
    free(job->body);
    shared_release(job->held);
    buf_free(&job->answer);
    free(job);
}

void http_job_join(struct http_job *job)
{
    if (!job->held) return;
    char *whole = xmalloc(job->body_len + job->middle_len + 1);
    memcpy(whole, job->body, job->middle_at);
    memcpy(whole + job->middle_at, job->middle, job->middle_len);
    memcpy(whole + job->middle_at + job->middle_len, job->body + job->middle_at,
           job->body_len - job->middle_at + 1);
    free(job->body);
    job->body = whole;
    job->body_len += job->middle_len;
    shared_release(job->held);
    job->held = NULL;
    job->middle = NULL;
}
