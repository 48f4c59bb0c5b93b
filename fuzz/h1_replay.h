/* fuzz/h1_replay.h - the HTTP/1 machine gives the same events however its input is split. */
#ifndef SK_FUZZ_H1_REPLAY_H
#define SK_FUZZ_H1_REPLAY_H

#include "wire/h1.h"

#include <stdlib.h>

#define FIELDS_MAX 16

static const sk_h1_limits fuzz_limits = {256, 1024, FIELDS_MAX, 32};

typedef struct replay {
    sk_h1 h1;
    sk_head head;
    sk_field fields[FIELDS_MAX];
    sk_buf log;
    bool over;
} replay;

static void note(replay *r, const char *tag, skua_str s) {
    sk_buf_printf(&r->log, "%s", tag);
    sk_buf_append_str(&r->log, s);
}

static void note_head(replay *r, sk_event_kind kind) {
    const sk_head *h = &r->head;
    sk_buf_printf(&r->log, "\nhead %d %d %d %d %lld %d%d%d", (int)kind, h->status, h->version,
                  (int)h->body, (long long)h->content_length, h->keep_alive, h->expect_continue,
                  h->upgrade);
    if (h->method.ptr) {
        note(r, " method ", h->method);
        note(r, " target ", h->target);
        note(r, " host ", h->host);
    }
}

static void note_fields(replay *r) {
    for (uint32_t i = 0; i < r->head.fields.count; i++) {
        note(r, "\nname ", r->head.fields.at[i].name);
        note(r, "\nvalue ", r->head.fields.at[i].value);
    }
}

/* The next message may begin: a server must have replied, a client must have asked. */
static void go_on(replay *r) {
    sk_buf out = {0};
    if (r->h1.role == SK_SERVER) {
        sk_h1_start_response(&r->h1, &out, 200, SK_LIT("OK"));
        if (sk_h1_finish_head(&r->h1, &out, SK_BODY_LENGTH, 2) != 0 ||
            sk_h1_data(&r->h1, &out, "hi", 2) != 0 || sk_h1_end(&r->h1, &out, NULL) != 0)
            abort();
        r->over = !sk_h1_can_cycle(&r->h1);
        if (!r->over)
            sk_h1_cycle(&r->h1);
    } else {
        sk_h1_start_request(&r->h1, &out, SK_LIT("GET"), SK_LIT("/"), 11);
        if (sk_h1_finish_head(&r->h1, &out, SK_BODY_NONE, 0) != 0)
            abort();
    }
    sk_buf_free(&out);
}

static void note_event(replay *r, const sk_event *ev) {
    if (ev->kind == SK_EV_DATA) {
        sk_buf_append_str(&r->log, ev->data);
        return;
    }
    if (ev->kind == SK_EV_NEED)
        return;
    sk_buf_printf(&r->log, "\nevent %d ", (int)ev->kind);
    bool head = ev->kind == SK_EV_HEAD || ev->kind == SK_EV_INFO || ev->kind == SK_EV_UPGRADE;
    if (head)
        note_head(r, ev->kind);
    if (head || ev->kind == SK_EV_TRAILERS)
        note_fields(r);
    if (ev->kind == SK_EV_END)
        go_on(r);
    else if (ev->kind >= SK_EV_UPGRADE)
        r->over = true;
}

/* In memory of exactly that size, so that every view beyond it shows. */
static size_t give(replay *r, const uint8_t *bytes, size_t len) {
    char *window = malloc(len ? len : 1);
    if (!window)
        abort();
    memcpy(window, bytes, len);
    sk_event ev = {.head = &r->head};
    sk_h1_feed(&r->h1, window, len);
    do {
        sk_h1_next(&r->h1, &ev);
        note_event(r, &ev);
    } while (!r->over && ev.kind != SK_EV_NEED);
    size_t used = sk_h1_consumed(&r->h1);
    if (used > len)
        abort();
    free(window);
    return used;
}

/* `step` bytes at a time; every other piece is of length 1 when `odd`. */
static void run(replay *r, sk_role role, const uint8_t *data, size_t size, size_t step, bool odd) {
    *r = (replay){0};
    r->head.fields = (sk_fields){.at = r->fields, .cap = FIELDS_MAX};
    sk_h1_init(&r->h1, role, &fuzz_limits);
    if (role == SK_CLIENT)
        go_on(r);
    size_t from = 0, to = 0;
    for (bool small = false; to < size && !r->over; small = odd && !small) {
        size_t piece = small ? 1 : step;
        to = size - to < piece ? size : to + piece;
        from += give(r, data + from, to - from);
    }
    if (!r->over) {
        sk_h1_eof(&r->h1);
        give(r, data + from, size - from);
    }
}

static void compare_splits(sk_role role, const uint8_t *data, size_t size) {
    if (size < 1 || size > 8192)
        return;
    replay whole, split;
    run(&whole, role, data + 1, size - 1, size, false);
    run(&split, role, data + 1, size - 1, 1u + (data[0] & 0x3f), (data[0] & 0x40) != 0);
    skua_str a = sk_buf_str(&whole.log), b = sk_buf_str(&split.log);
    if (a.len != b.len || (a.len && memcmp(a.ptr, b.ptr, a.len) != 0))
        abort();
    sk_buf_free(&whole.log);
    sk_buf_free(&split.log);
}

#endif
