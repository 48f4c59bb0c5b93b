/* net/tunnel.c - what is asked of a proxy, and what is made of its answer. */
#include "base/str.h"
#include "net/pair.h"
#include "net/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const sk_h1_limits limits = {
    .line_max = 256, .block_max = 1024, .fields_max = 8, .chunk_line_max = 64};

typedef struct asked {
    sk_manual_clock clock;
    sk_pair *pair;
    skua_stream *near, *far; /* the proxy's end is far */
    sk_tunnel *t;
    int heads;
    skua_error err;
} asked;

static void count_head(void *user, const sk_head *head) {
    assert_true(head->status >= 100);
    ++*(int *)user;
}

static void ask_with(asked *a, const skua_field *fields) {
    *a = (asked){.clock.now_ms = 1};
    a->pair = sk_pair_new(4096, &a->clock);
    assert_non_null(a->pair);
    a->near = sk_pair_end(a->pair, 0);
    a->far = sk_pair_end(a->pair, 1);
    a->t = sk_tunnel_new(&(sk_tunnel_opts){.proxy = a->near,
                                           .target = "example.org:443",
                                           .fields = fields,
                                           .limits = &limits,
                                           .on_head = count_head,
                                           .user = &a->heads},
                         &a->err);
    assert_non_null(a->t);
}

static void ask(asked *a) {
    ask_with(a, NULL);
    assert_int_equal(sk_tunnel_wants(a->t), SKUA_WANT_WRITE);
    assert_int_equal(sk_tunnel_step(a->t, &a->err), SKUA_E_AGAIN);
    assert_int_equal(sk_tunnel_wants(a->t), SKUA_WANT_READ);
}

static void answer(asked *a, const char *text) {
    skua_str all = sk_str(text);
    assert_int_equal(a->far->ops->writev(a->far, &all, 1, NULL), all.len);
}

static void hear(asked *a, char buf[4096]) {
    ptrdiff_t n = a->far->ops->read(a->far, buf, 4095, NULL);
    assert_true(n > 0);
    buf[n] = '\0';
}

static void end(asked *a) {
    sk_tunnel_free(a->t);
    if (a->near)
        a->near->ops->close(a->near);
    if (a->far)
        a->far->ops->close(a->far);
    sk_pair_free(a->pair);
}

static void a10_what_is_asked(void **state) {
    (void)state;
    asked a;
    char got[4096];
    ask(&a);
    hear(&a, got);
    assert_string_equal(got, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    end(&a);

    const skua_field fields[] = {{"host", "other", 0}, {"X-A", "b", 0}, {0}};
    ask_with(&a, fields);
    skua_str head = sk_tunnel_head(a.t);
    assert_int_equal(sk_tunnel_step(a.t, NULL), SKUA_E_AGAIN);
    hear(&a, got);
    assert_string_equal(got, "CONNECT example.org:443 HTTP/1.1\r\nhost: other\r\nX-A: b\r\n\r\n");
    assert_int_equal(head.len, strlen(got));
    end(&a);
}

static void a10_what_cannot_be_asked(void **state) {
    (void)state;
    static const struct {
        const char *target;
        skua_field field;
    } cases[] = {
        {"a b:1", {0}}, {"", {0}}, {"h:1", {"bad name", "x", 0}}, {"h:1", {"X", "a\r\nY: b", 0}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const skua_field fields[] = {cases[i].field, {0}};
        skua_error err;
        assert_null(sk_tunnel_new(
            &(sk_tunnel_opts){.target = cases[i].target, .fields = fields, .limits = &limits},
            &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
}

static void a10_any_2xx_opens_it(void **state) {
    (void)state;
    static const char *const cases[] = {
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 204 N\r\n\r\n",
        "HTTP/1.1 299\r\n\r\n",
        /* RFC 9110 9.3.6: they mean nothing here */
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked a;
        ask(&a);
        answer(&a, cases[i]);
        assert_int_equal(sk_tunnel_step(a.t, &a.err), 0);
        assert_int_equal(sk_tunnel_status(a.t) / 100, 2);
        assert_int_equal(a.heads, strstr(cases[i], "102") ? 3 : 1);
        assert_ptr_equal(sk_tunnel_take(a.t), a.near); /* nothing was read too early */
        end(&a);
    }
}

static void a10_what_comes_behind_the_head_is_of_the_tunnel(void **state) {
    (void)state;
    asked a;
    ask(&a);
    answer(&a, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nVia: 1.1 p\r\n\r\nSSH-2.0");
    assert_int_equal(sk_tunnel_step(a.t, &a.err), 0);
    size_t count;
    const skua_field *f = sk_tunnel_fields(a.t, &count);
    assert_int_equal(count, 2);
    assert_string_equal(f[1].name, "Via");
    assert_string_equal(f[1].value, "1.1 p");
    assert_null(f[2].name);
    a.near = sk_tunnel_take(a.t);
    assert_non_null(a.near);
    char buf[16];
    assert_int_equal(a.near->ops->read(a.near, buf, sizeof buf, NULL), 7);
    assert_memory_equal(buf, "SSH-2.0", 7);
    answer(&a, "more");
    assert_int_equal(a.near->ops->read(a.near, buf, sizeof buf, NULL), 4);
    end(&a);
}

static void a10_byte_by_byte(void **state) {
    (void)state;
    static const char text[] = "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
    asked a;
    ask(&a);
    assert_false(sk_tunnel_begun(a.t));
    for (const char *p = text; *p; p++) {
        assert_int_equal(sk_tunnel_step(a.t, &a.err), SKUA_E_AGAIN);
        answer(&a, (const char[]){*p, '\0'});
    }
    assert_int_equal(sk_tunnel_step(a.t, &a.err), 0);
    assert_true(sk_tunnel_begun(a.t));
    end(&a);
}

static void a10_refusals(void **state) {
    (void)state;
    static const struct {
        const char *answer, *msg;
        int code;
    } cases[] = {
        {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!",
         "tunnel: 407 Proxy Authentication Required", SKUA_E_TUNNEL},
        {"HTTP/1.1 503\r\n\r\n", "tunnel: 503", SKUA_E_TUNNEL},
        {"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "tunnel: 302 Found", SKUA_E_TUNNEL},
        {"HTTP/1.1 304 N\r\n\r\n", "tunnel: 304 N", SKUA_E_TUNNEL},
        {"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "tunnel: 101 S",
         SKUA_E_TUNNEL},
        {"HTTP/1.1 403 \xe2\x80\xa6\r\n\r\n", "tunnel: 403 \xe2\x80\xa6", SKUA_E_TUNNEL},
        {"SSH-2.0-x\r\n", NULL, SKUA_E_BAD_STATUS_LINE},
        {"HTTP/2.0 200 OK\r\n\r\n", NULL, SKUA_E_UNKNOWN_PROTOCOL},
        {"HTTP/1.1 200 OK\r\nA b\r\n\r\n", NULL, SKUA_E_BAD_FIELD},
        {"HTTP/1.1 407 N\r\nContent-Length: x\r\n\r\n", NULL, SKUA_E_BAD_CONTENT_LENGTH},
        {"HTTP/1.1 200 OK\r\n1:1\r\n2:1\r\n3:1\r\n4:1\r\n5:1\r\n6:1\r\n7:1\r\n8:1\r\n9:1\r\n\r\n",
         NULL, SKUA_E_TOO_MANY_FIELDS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked a;
        ask(&a);
        answer(&a, cases[i].answer);
        assert_int_equal(sk_tunnel_step(a.t, &a.err), cases[i].code);
        assert_int_equal(a.err.phase, SKUA_PHASE_TUNNEL);
        if (cases[i].msg)
            assert_string_equal(a.err.msg, cases[i].msg);
        end(&a);
    }
}

/* Asked, it gets `first` and then `piece` again and again. */
static int drown(const char *first, const char *piece) {
    asked a;
    int rc = SKUA_E_AGAIN;
    ask(&a);
    if (*first)
        answer(&a, first);
    for (int n = 0; n < 100 && rc == SKUA_E_AGAIN; n++) {
        answer(&a, piece);
        rc = sk_tunnel_step(a.t, &a.err);
    }
    assert_int_equal(a.err.phase, SKUA_PHASE_TUNNEL);
    end(&a);
    return rc;
}

static void a10_an_answer_without_end(void **state) {
    (void)state;
    assert_int_equal(drown("", "HTTP/1.1 100 C\r\n\r\n"), SKUA_E_BAD_FRAMING);
    assert_int_equal(drown("HTTP/1.1 200 ", "aaaaaaaaaaaaaaaa"), SKUA_E_LINE_TOO_LONG);
    assert_int_equal(drown("HTTP/1.1 200 OK\r\nA:", "aaaaaaaaaaaaaaaa"), SKUA_E_FIELD_TOO_LONG);
    char line[205] = "A: ";
    memset(line + 3, 'a', 199);
    memcpy(line + 202, "\r\n", 3);
    assert_int_equal(drown("HTTP/1.1 200 OK\r\n", line), SKUA_E_HEAD_TOO_LARGE);
}

static void a10_a_proxy_that_goes_away(void **state) {
    (void)state;
    static const struct {
        const char *first;
        int code;
    } cases[] = {{"", SKUA_E_REMOTE_DISCONNECTED},
                 {"HTTP/1.1 100 C\r\n\r\n", SKUA_E_REMOTE_DISCONNECTED},
                 {"HTT", SKUA_E_BAD_STATUS_LINE},
                 {"HTTP/1.1 200 OK\r\nA: b\r\n", SKUA_E_INCOMPLETE_READ}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asked a;
        ask(&a);
        if (*cases[i].first)
            answer(&a, cases[i].first);
        a.far->ops->close(a.far);
        a.far = NULL;
        assert_int_equal(sk_tunnel_step(a.t, &a.err), cases[i].code);
        assert_int_equal(a.err.phase, SKUA_PHASE_TUNNEL);
        assert_int_equal(sk_tunnel_status(a.t), 0);
        end(&a);
    }
}

static void a10_an_answer_before_the_question(void **state) {
    (void)state;
    asked a;
    ask_with(&a, NULL);
    answer(&a, "HTTP/1.1 403 Go away\r\n\r\n");
    sk_pair_fault_write(a.pair, 0, 1, SK_FAULT_EOF, 0);
    assert_int_equal(sk_tunnel_step(a.t, &a.err), SKUA_E_TUNNEL);
    assert_string_equal(a.err.msg, "tunnel: 403 Go away");
    end(&a);
}

static void a10_faults_of_the_stream(void **state) {
    (void)state;
    asked a;
    ask_with(&a, NULL);
    sk_pair_fault_write(a.pair, 0, 1, SK_FAULT_RESET, 0);
    assert_int_equal(sk_tunnel_step(a.t, &a.err), SKUA_E_CONNECTION_RESET);
    assert_string_equal(a.err.msg, "tunnel: connection reset by peer");
    end(&a);
    ask(&a);
    sk_pair_fault_read(a.pair, 0, 1, SK_FAULT_RESET, 0);
    assert_int_equal(sk_tunnel_step(a.t, &a.err), SKUA_E_CONNECTION_RESET);
    assert_string_equal(a.err.msg, "tunnel: connection reset by peer");
    end(&a);
    ask_with(&a, NULL);
    sk_pair_fault_write(a.pair, 0, 1, SK_FAULT_SHORT, 3);
    assert_int_equal(sk_tunnel_step(a.t, &a.err), SKUA_E_AGAIN);
    answer(&a, "HTTP/1.1 200 OK\r\n\r\n");
    assert_int_equal(sk_tunnel_step(a.t, &a.err), 0);
    end(&a);
    sk_tunnel_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a10_what_is_asked),
        cmocka_unit_test(a10_what_cannot_be_asked),
        cmocka_unit_test(a10_any_2xx_opens_it),
        cmocka_unit_test(a10_what_comes_behind_the_head_is_of_the_tunnel),
        cmocka_unit_test(a10_byte_by_byte),
        cmocka_unit_test(a10_refusals),
        cmocka_unit_test(a10_an_answer_without_end),
        cmocka_unit_test(a10_a_proxy_that_goes_away),
        cmocka_unit_test(a10_an_answer_before_the_question),
        cmocka_unit_test(a10_faults_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
