/* net/read_ahead.c - what was read too early comes first, and the rest is the stream's. */
#include "base/str.h"
#include "net/pair.h"
#include "net/read_ahead.h"
#include "net/stream_wait.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct ends {
    sk_manual_clock clock;
    sk_pair *pair;
    skua_stream *near, *far;
} ends;

static void open_ends(ends *e, const char *ahead) {
    *e = (ends){.clock.now_ms = 1};
    e->pair = sk_pair_new(64, &e->clock);
    assert_non_null(e->pair);
    e->far = sk_pair_end(e->pair, 1);
    e->near = sk_read_ahead_new(sk_pair_end(e->pair, 0), sk_str(ahead));
    assert_non_null(e->near);
}

static void close_ends(ends *e) {
    e->near->ops->close(e->near);
    e->far->ops->close(e->far);
    sk_pair_free(e->pair);
}

static void send_text(skua_stream *s, const char *text) {
    skua_str piece = sk_str(text);
    assert_int_equal(s->ops->writev(s, &piece, 1, NULL), piece.len);
}

static void assert_read(skua_stream *s, size_t most, const char *text) {
    char buf[64];
    assert_int_equal(s->ops->read(s, buf, most, NULL), strlen(text));
    assert_memory_equal(buf, text, strlen(text));
}

static void what_was_read_ahead_comes_first(void **state) {
    (void)state;
    ends e;
    open_ends(&e, "early");
    send_text(e.far, "late");
    assert_read(e.near, 2, "ea");
    assert_read(e.near, 64, "rly");
    assert_read(e.near, 64, "late");
    assert_int_equal(e.near->ops->read(e.near, &(char){0}, 1, NULL), SKUA_E_AGAIN);
    close_ends(&e);
}

static void it_is_ready_while_there_is_some(void **state) {
    (void)state;
    ends e;
    open_ends(&e, "x");
    assert_int_equal(sk_stream_wait(e.near, SKUA_WANT_READ, 5, NULL), 0);
    assert_true(e.near->ops->want(e.near, SKUA_WANT_READ).events & SKUA_WANT_WRITE);
    assert_read(e.near, 64, "x");
    assert_int_equal(sk_stream_wait(e.near, SKUA_WANT_READ, 5, NULL), SKUA_E_TIMEOUT);
    assert_int_equal(e.near->ops->want(e.near, SKUA_WANT_READ).events, SKUA_WANT_READ);
    close_ends(&e);
}

static void all_else_goes_through(void **state) {
    (void)state;
    ends e;
    open_ends(&e, "");
    send_text(e.near, "hello");
    assert_read(e.far, 64, "hello");
    skua_stream_info info = {.size = sizeof info};
    e.near->ops->info(e.near, &info);
    assert_int_equal(e.near->ops->shutdown(e.near, NULL), 0);
    assert_int_equal(e.far->ops->read(e.far, &(char){0}, 1, NULL), 0);
    close_ends(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_read_ahead_comes_first),
        cmocka_unit_test(it_is_ready_while_there_is_some),
        cmocka_unit_test(all_else_goes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
