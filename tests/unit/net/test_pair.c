/* The in-memory pair: bytes, limits, faults where they are ordered, and waiting without a wait. */
#include "base/str.h"
#include "net/pair.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct fixture {
    sk_manual_clock clock;
    sk_pair *pair;
    skua_stream *a, *b;
} fixture;

static void make(fixture *f, size_t capacity) {
    f->clock.now_ms = 1000;
    f->pair = sk_pair_new(capacity, &f->clock);
    assert_non_null(f->pair);
    f->a = sk_pair_end(f->pair, 0);
    f->b = sk_pair_end(f->pair, 1);
}

static void unmake(fixture *f) {
    f->a->ops->close(f->a);
    f->b->ops->close(f->b);
    sk_pair_free(f->pair);
}

static ptrdiff_t put(skua_stream *s, const char *text) {
    const skua_str piece = sk_str(text);
    return s->ops->writev(s, &piece, 1, NULL);
}

/* Read at most len bytes, terminated, into a buffer of 64. */
static ptrdiff_t get(skua_stream *s, char *buf, size_t len, skua_error *err) {
    ptrdiff_t n = s->ops->read(s, buf, len, err);
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

static int wait_for(skua_stream *s, unsigned events, int ms, skua_error *err) {
    return s->ops->wait(s, events, ms, err);
}

static void bytes_cross(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 100);
    assert_int_equal(get(f.a, buf, 10, NULL), SKUA_E_AGAIN);
    const skua_str pieces[] = {SK_LIT("one "), {NULL, 0}, SK_LIT("two")};
    assert_int_equal(f.a->ops->writev(f.a, pieces, 3, NULL), 7);
    assert_int_equal(put(f.b, "back"), 4);
    assert_int_equal(get(f.b, buf, 5, NULL), 5);
    assert_string_equal(buf, "one t");
    assert_int_equal(get(f.b, buf, 60, NULL), 2);
    assert_string_equal(buf, "wo");
    assert_int_equal(get(f.a, buf, 60, NULL), 4);
    assert_string_equal(buf, "back");
    assert_int_equal(sk_pair_reads(f.pair, 0), 2);
    assert_int_equal(sk_pair_reads(f.pair, 1), 2);
    assert_int_equal(sk_pair_writes(f.pair, 0), 1);
    assert_int_equal(sk_pair_writes(f.pair, 1), 1);
    unmake(&f);
}

static void capacity_is_kept(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 5);
    assert_int_equal(put(f.a, "123"), 3);
    const skua_str pieces[] = {SK_LIT("4"), SK_LIT("567")};
    assert_int_equal(f.a->ops->writev(f.a, pieces, 2, NULL), 2);
    assert_int_equal(put(f.a, "x"), SKUA_E_AGAIN);
    assert_int_equal(put(f.b, "other way"), 5);
    assert_int_equal(get(f.b, buf, 60, NULL), 5);
    assert_string_equal(buf, "12345");
    for (int i = 0; i < 100; i++) {
        assert_int_equal(put(f.a, "67"), 2);
        assert_int_equal(get(f.b, buf, 60, NULL), 2);
    }
    unmake(&f);
}

static void end_comes_behind_the_bytes(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    skua_error err;
    make(&f, 100);
    put(f.a, "last");
    assert_int_equal(f.a->ops->shutdown(f.a, NULL), 0);
    assert_int_equal(f.a->ops->writev(f.a, &SK_LIT("x"), 1, &err), SKUA_E_BROKEN_PIPE);
    assert_string_equal(err.msg, "send: peer closed while we were sending");
    assert_int_equal(get(f.b, buf, 60, NULL), 4);
    assert_int_equal(get(f.b, buf, 60, NULL), 0);
    assert_int_equal(get(f.b, buf, 60, NULL), 0);
    assert_int_equal(put(f.b, "answer"), 6); /* the other direction is still open */
    assert_int_equal(get(f.a, buf, 60, NULL), 6);
    unmake(&f);
}

static void closed_peer(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 100);
    put(f.a, "last");
    f.a->ops->close(f.a);
    assert_int_equal(get(f.b, buf, 60, NULL), 4);
    assert_int_equal(get(f.b, buf, 60, NULL), 0);
    assert_int_equal(put(f.b, "x"), SKUA_E_BROKEN_PIPE);
    sk_pair_free(f.pair); /* the last end closed frees it */
    f.b->ops->close(f.b);
}

static void short_calls(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 100);
    put(f.a, "abcdef");
    sk_pair_fault_read(f.pair, 1, 2, SK_FAULT_SHORT, 1);
    sk_pair_fault_write(f.pair, 0, 1, SK_FAULT_SHORT, 3);
    assert_int_equal(get(f.b, buf, 2, NULL), 2);
    assert_int_equal(get(f.b, buf, 60, NULL), 1);
    assert_string_equal(buf, "c");
    assert_int_equal(wait_for(f.b, SKUA_WANT_READ, 0, NULL), 0);
    assert_int_equal(get(f.b, buf, 60, NULL), 3);
    assert_int_equal(put(f.a, "ghijkl"), 3);
    assert_int_equal(put(f.a, "jkl"), 3);
    assert_int_equal(get(f.b, buf, 60, NULL), 6);
    assert_string_equal(buf, "ghijkl");
    unmake(&f);
}

static void one_call_says_again(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 100);
    put(f.a, "x");
    sk_pair_fault_read(f.pair, 1, 1, SK_FAULT_AGAIN, 0);
    sk_pair_fault_write(f.pair, 1, 2, SK_FAULT_AGAIN, 0);
    assert_int_equal(get(f.b, buf, 60, NULL), SKUA_E_AGAIN);
    assert_int_equal(wait_for(f.b, SKUA_WANT_READ, 10, NULL), 0);
    assert_int_equal(get(f.b, buf, 60, NULL), 1);
    assert_int_equal(put(f.b, "1"), 1);
    assert_int_equal(put(f.b, "2"), SKUA_E_AGAIN);
    assert_int_equal(wait_for(f.b, SKUA_WANT_WRITE, 10, NULL), 0);
    assert_int_equal(put(f.b, "2"), 1);
    assert_int_equal(f.clock.now_ms, 1000);
    unmake(&f);
}

static void reset_stays(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    skua_error err;
    make(&f, 100);
    put(f.a, "abc");
    sk_pair_fault_read(f.pair, 1, 2, SK_FAULT_RESET, 0);
    sk_pair_fault_write(f.pair, 1, 1, SK_FAULT_RESET, 0);
    assert_int_equal(get(f.b, buf, 1, NULL), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(f.b, buf, 60, &err), SKUA_E_CONNECTION_RESET);
        assert_string_equal(err.msg, "recv: connection reset by peer");
        assert_int_equal(wait_for(f.b, SKUA_WANT_READ, -1, NULL), 0);
        assert_int_equal(f.b->ops->writev(f.b, &SK_LIT("x"), 1, &err), SKUA_E_CONNECTION_RESET);
        assert_int_equal(err.phase, SKUA_PHASE_SEND);
    }
    unmake(&f);
}

static void scripted_end_stays(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 100);
    put(f.a, "abc");
    sk_pair_fault_read(f.pair, 1, 1, SK_FAULT_EOF, 0);
    sk_pair_fault_write(f.pair, 1, 1, SK_FAULT_EOF, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(get(f.b, buf, 60, NULL), 0);
        assert_int_equal(put(f.b, "x"), SKUA_E_BROKEN_PIPE);
    }
    sk_pair_fault_read(f.pair, 1, 1, SK_FAULT_NONE, 0);
    assert_int_equal(get(f.b, buf, 60, NULL), 3);
    unmake(&f);
}

static void stall_ends_only_in_a_time_out(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    skua_error err;
    make(&f, 100);
    put(f.a, "abc");
    sk_pair_fault_read(f.pair, 1, 1, SK_FAULT_STALL, 0);
    assert_int_equal(wait_for(f.b, SKUA_WANT_READ, 10, NULL), 0); /* not met yet */
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(get(f.b, buf, 60, NULL), SKUA_E_AGAIN);
        assert_int_equal(wait_for(f.b, SKUA_WANT_READ, 500, &err), SKUA_E_TIMEOUT);
        assert_int_equal(err.code, SKUA_E_TIMEOUT);
        assert_int_equal(f.clock.now_ms, 1000 + 500 * i);
    }
    sk_pair_fault_write(f.pair, 1, 1, SK_FAULT_STALL, 0);
    assert_int_equal(put(f.b, "x"), SKUA_E_AGAIN);
    assert_int_equal(wait_for(f.b, SKUA_WANT_WRITE, 1, NULL), SKUA_E_TIMEOUT);
    unmake(&f);
}

typedef struct peer {
    skua_stream *s;
    int turns;
    int quiet_turns; /* has something to do only after these */
} peer;

/* Echoes; needs a few turns before it does. */
static bool echo(void *user) {
    peer *p = user;
    p->turns++;
    if (p->quiet_turns > 0)
        return p->quiet_turns-- > 0;
    char buf[64];
    ptrdiff_t n = get(p->s, buf, 60, NULL);
    if (n <= 0)
        return false;
    put(p->s, buf);
    return true;
}

static void waiting_gives_the_peer_its_turn(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    make(&f, 4);
    peer p = {.s = f.b, .quiet_turns = 3};
    sk_pair_set_turn(f.pair, 1, echo, &p);
    put(f.a, "ping");
    assert_int_equal(wait_for(f.a, SKUA_WANT_WRITE, -1, NULL), 0); /* room comes from its reading */
    assert_int_equal(p.turns, 4);
    assert_int_equal(wait_for(f.a, SKUA_WANT_READ, -1, NULL), 0);
    assert_int_equal(p.turns, 4); /* there already */
    assert_int_equal(get(f.a, buf, 60, NULL), 4);
    assert_string_equal(buf, "ping");
    assert_int_equal(f.clock.now_ms, 1000);
    assert_int_equal(wait_for(f.a, SKUA_WANT_READ, 250, NULL), SKUA_E_TIMEOUT);
    assert_int_equal(f.clock.now_ms, 1250);
    unmake(&f);
}

static bool write_and_rest(void *user) {
    put(user, "late");
    return false;
}

static bool always(void *user) {
    ++*(int *)user;
    return true;
}

static void last_turn_counts_and_no_turn_is_for_ever(void **state) {
    (void)state;
    fixture f;
    char buf[64];
    skua_error err;
    int turns = 0;
    make(&f, 100);
    sk_pair_set_turn(f.pair, 1, write_and_rest, f.b);
    assert_int_equal(wait_for(f.a, SKUA_WANT_READ, 10, NULL), 0);
    assert_int_equal(get(f.a, buf, 60, NULL), 4);
    sk_pair_set_turn(f.pair, 1, always, &turns);
    assert_int_equal(wait_for(f.a, SKUA_WANT_READ, 10, NULL), SKUA_E_TIMEOUT);
    assert_true(turns > 100);
    sk_pair_set_turn(f.pair, 1, NULL, NULL);
    assert_int_equal(wait_for(f.a, SKUA_WANT_READ, -1, &err), SKUA_E_STATE);
    assert_int_equal(err.code, SKUA_E_STATE);
    unmake(&f);
}

static void clock_has_the_face_of_a_clock(void **state) {
    (void)state;
    sk_manual_clock c = {.now_ms = 5};
    skua_clock face = sk_manual_clock_face(&c);
    assert_int_equal(face.now_ms(face.user), 5);
    c.now_ms = 6;
    assert_int_equal(face.now_ms(face.user), 6);
}

static void says_what_it_is(void **state) {
    (void)state;
    fixture f;
    make(&f, 1);
    skua_stream_info info = {.size = sizeof info};
    f.b->ops->info(f.b, &info);
    assert_string_equal(info.local, "pair:1");
    assert_string_equal(info.peer, "pair:0");
    skua_want w = f.a->ops->want(f.a, SKUA_WANT_WRITE);
    assert_int_equal(w.fd, -1);
    assert_int_equal(w.events, SKUA_WANT_WRITE);
    unmake(&f);
    sk_pair_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_cross),
        cmocka_unit_test(capacity_is_kept),
        cmocka_unit_test(end_comes_behind_the_bytes),
        cmocka_unit_test(closed_peer),
        cmocka_unit_test(short_calls),
        cmocka_unit_test(one_call_says_again),
        cmocka_unit_test(reset_stays),
        cmocka_unit_test(scripted_end_stays),
        cmocka_unit_test(stall_ends_only_in_a_time_out),
        cmocka_unit_test(waiting_gives_the_peer_its_turn),
        cmocka_unit_test(last_turn_counts_and_no_turn_is_for_ever),
        cmocka_unit_test(clock_has_the_face_of_a_clock),
        cmocka_unit_test(says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
