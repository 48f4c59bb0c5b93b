/* script.h - a connection object whose peer follows a script, in memory and by a manual clock.
 *
 * The peer acts only while the client waits: it takes the steps in order, and one that expects
 * holds it up until what it expects has come. */
#ifndef SK_TEST_SCRIPT_H
#define SK_TEST_SCRIPT_H

#include "base/str.h"
#include "net/pair.h"

#include <setjmp.h>
#include <skua/conn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef enum step_kind { END, EXPECT, SEND, TICK, SHUT, CLOSE, RESET, CALL } step_kind;

typedef struct step {
    step_kind kind;
    const char *text; /* EXPECT, SEND */
    size_t len;       /* SEND: 0 is the text's; TICK: ms */
} step;

typedef struct script {
    sk_manual_clock clock;
    skua_clock face;
    sk_pair *pair;
    skua_stream *far; /* NULL once it is closed */
    const step *at;
    void (*call)(struct script *s); /* what CALL does; it stands behind another step */
    bool deaf;                      /* reads nothing */
    char got[256 * 1024];           /* what the client has sent */
    size_t got_len;
    size_t seen; /* of that, by what was expected */
    skua_conn *conn;
    skua_error err;
} script;

static inline void script_listen(script *s) {
    skua_error ignored;
    ptrdiff_t n = 1;
    while (!s->deaf && s->far && n > 0 && s->got_len < sizeof s->got - 1) {
        n = s->far->ops->read(s->far, s->got + s->got_len, sizeof s->got - 1 - s->got_len,
                              &ignored);
        s->got_len += n > 0 ? (size_t)n : 0;
    }
    s->got[s->got_len] = '\0';
}

static inline bool script_expect(script *s) {
    const char *found = strstr(s->got + s->seen, s->at->text);
    if (found)
        s->seen = (size_t)(found - s->got) + strlen(s->at->text);
    return found != NULL;
}

static inline bool script_send(script *s) {
    skua_error ignored;
    skua_str all = {s->at->text, s->at->len ? s->at->len : strlen(s->at->text)};
    assert_int_equal(s->far->ops->writev(s->far, &all, 1, &ignored), all.len);
    return true;
}

static inline bool script_tick(script *s) {
    s->clock.now_ms += (int64_t)s->at->len;
    return true;
}

static inline bool script_shut(script *s) {
    skua_error ignored;
    s->far->ops->shutdown(s->far, &ignored);
    return true;
}

static inline bool script_close(script *s) {
    s->far->ops->close(s->far);
    s->far = NULL;
    return true;
}

static inline bool script_reset(script *s) {
    sk_pair_fault_read(s->pair, 0, 1, SK_FAULT_RESET, 0);
    sk_pair_fault_write(s->pair, 0, 1, SK_FAULT_RESET, 0);
    return script_shut(s); /* so that the client's wait ends, and meets it */
}

static inline bool script_turn(void *user) {
    static bool (*const doing[])(script *) = {NULL,        script_expect, script_send, script_tick,
                                              script_shut, script_close,  script_reset};
    script *s = user;
    size_t before = s->got_len;
    script_listen(s);
    if (s->at->kind == END || !doing[s->at->kind](s))
        return s->got_len > before;
    s->at++;
    if (s->at->kind == CALL) { /* before the client says another word */
        s->call(s);
        s->at++;
    }
    return true;
}

/* The peer, and a clock; the connection is still to be made. */
static inline script *script_prepare(const step *steps, size_t capacity) {
    script *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->at = steps;
    s->clock.now_ms = 1000;
    s->face = sk_manual_clock_face(&s->clock);
    s->pair = sk_pair_new(capacity, &s->clock);
    assert_non_null(s->pair);
    s->far = sk_pair_end(s->pair, 1);
    sk_pair_set_turn(s->pair, 1, script_turn, s);
    return s;
}

/* The clock and the stream of the options are set here. */
static inline script *script_with(const step *steps, const char *where, skua_conn_opts opts,
                                  size_t capacity) {
    script *s = script_prepare(steps, capacity);
    opts.size = sizeof opts;
    opts.clock = &s->face;
    opts.stream = sk_pair_end(s->pair, 0);
    s->conn = skua_conn_new(where, &opts, &s->err);
    assert_non_null(s->conn);
    return s;
}

static inline script *script_new(const step *steps) {
    return script_with(steps, "http://example.org", (skua_conn_opts){0}, 1 << 20);
}

/* A peer that gives one answer and closes. len 0 is the text's. */
static inline script *script_answering(const char *answer, size_t len, skua_conn_opts opts) {
    static step steps[4];
    steps[0] = (step){EXPECT, "\r\n\r\n", 0};
    steps[1] = (step){SEND, answer, len};
    steps[2] = (step){CLOSE, NULL, 0};
    steps[3] = (step){END, NULL, 0};
    return script_with(steps, "http://example.org", opts, 1 << 20);
}

static inline void script_free(script *s) {
    skua_conn_free(s->conn);
    if (s->far)
        s->far->ops->close(s->far);
    sk_pair_free(s->pair);
    free(s);
}

static inline int script_get(script *s, const char *target) {
    return skua_conn_request(s->conn, "GET", target, NULL, NULL, 0, &s->err);
}

/* A GET, and its response, which there must be. */
static inline skua_response *script_response(script *s) {
    assert_int_equal(script_get(s, "/"), 0);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    if (!r)
        print_error("%s\n", s->err.msg);
    assert_non_null(r);
    return r;
}

/* A GET that gets no response: its error is in s->err. */
static inline int script_failure(script *s) {
    assert_int_equal(script_get(s, "/"), 0);
    assert_null(skua_conn_getresponse(s->conn, &s->err));
    return s->err.code;
}

static inline void assert_body(skua_response *r, const char *text) {
    const char *data = NULL;
    size_t len = 0;
    skua_error err;
    int rc = skua_response_read_all(r, 0, &data, &len, &err);
    if (rc != 0)
        print_error("%s\n", err.msg);
    assert_int_equal(rc, 0);
    assert_int_equal(len, strlen(text));
    assert_string_equal(data, text);
}

#endif
