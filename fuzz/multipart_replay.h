/* fuzz/multipart_replay.h - what a form holds, as text: the same however its bytes are split. */
#ifndef SK_FUZZ_MULTIPART_REPLAY_H
#define SK_FUZZ_MULTIPART_REPLAY_H

#include "base/buf.h"
#include "wire/multipart_parse.h"

#include <skua/error.h>

typedef struct multipart_replay {
    sk_multipart_parser parser;
    sk_buf log;
    int rc; /* of the last call */
} multipart_replay;

static inline void multipart_note(sk_buf *log, const char *tag, skua_str s) {
    sk_buf_printf(log, "%s", tag);
    if (s.ptr)
        sk_buf_append_str(log, s);
    else
        sk_buf_append(log, "-", 1);
}

/* Pieces of content are put together. */
static inline void multipart_note_event(sk_buf *log, const sk_multipart_event *ev) {
    if (ev->kind == SK_MULTIPART_DATA) {
        sk_buf_append_str(log, ev->data);
    } else if (ev->kind == SK_MULTIPART_PART) {
        multipart_note(log, "[", ev->name);
        multipart_note(log, "|", ev->filename);
        multipart_note(log, "|", ev->type);
        sk_buf_printf(log, ":");
    } else {
        sk_buf_printf(log, ev->kind == SK_MULTIPART_END ? "END" : "]");
    }
}

static inline void multipart_feed(multipart_replay *r, skua_str in) {
    sk_multipart_event ev = {.what = NULL};
    do {
        r->rc = sk_multipart_next(&r->parser, &in, &ev);
        if (r->rc == 0)
            multipart_note_event(&r->log, &ev);
    } while (r->rc == 0);
}

/* Feed all of it, `step` bytes at a time. */
static inline void multipart_run(multipart_replay *r, skua_str all, size_t step) {
    r->rc = SKUA_E_AGAIN;
    for (size_t at = 0; at < all.len && r->rc == SKUA_E_AGAIN; at += step) {
        size_t n = all.len - at < step ? all.len - at : step;
        multipart_feed(r, (skua_str){all.ptr + at, n});
    }
}

#endif
