/* server/file_answer.h - answering a request with a file: what the directory route and
 * skua_reply_file have in common. */
#ifndef SK_SERVER_FILE_ANSWER_H
#define SK_SERVER_FILE_ANSWER_H

#include "server/exchange.h"
#include "server/file_cache.h"

/* A regular file that was found, and what is to be said of it. */
typedef struct sk_answer_file {
    const sk_cached_file *cached; /* in memory, or NULL */
    int fd;                       /* else open; the answer takes it */
    sk_file_info info;            /* of fd */
    const char *type;             /* the value of Content-Type; of the text, where it is coded */
    const char *coding;           /* the value of Content-Encoding; NULL: none */
    const char *cache_control;    /* NULL: none */
    bool varies;                  /* with Accept-Encoding */
} sk_answer_file;

/* Reply: 200, 206, 304, 412 or 416, as preconditions and ranges have it; where the file cannot be
 * read, with an error. Returns as skua_reply_send_response. */
int sk_file_answer(skua_request *q, skua_reply *a, sk_answer_file *f);
/* Reply with the file as the page of a status: neither preconditions nor ranges count. */
int sk_file_answer_page(skua_request *q, skua_reply *a, sk_answer_file *f, int status);

/* Open a regular file that fd (or -errno) stands for. 0, or -errno: what is no regular file is as
 * good as not there, but for a directory, which is -EISDIR. fd is taken. */
int sk_answer_file_open(int fd, sk_answer_file *out);
/* Close what is open. */
void sk_answer_file_close(sk_answer_file *f);
/* In Unix seconds. */
int64_t sk_answer_file_modified(const sk_answer_file *f);

/* The status that answers -errno of an open, and a reply with it. */
int sk_file_status_of(int rc);
int sk_file_refuse(skua_reply *a, int rc);
/* What Date will say, in Unix seconds. */
int64_t sk_time_of_message(const skua_request *q);

#endif
