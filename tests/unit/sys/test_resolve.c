/* Looking names up: results, errors, and that nobody waits for a lookup that hangs. Names are
 * looked up by the tests' own functions, except "localhost". */
#include "base/str.h"
#include "sys/clock.h"
#include "sys/poller.h"
#include "sys/resolve.h"
#include "sys/wake.h"

#include <netdb.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include <cmocka.h>

#define PATIENCE_MS 10000

static const char *text_of(const sk_addr *a) {
    static char text[SK_ADDR_TEXT];
    sk_addr_format((const struct sockaddr *)&a->ss, a->len, text);
    return text;
}

static void wait_for(const sk_resolve *r) {
    if (sk_resolve_fd(r) >= 0)
        assert_int_equal(sk_poll_one(sk_resolve_fd(r), SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
}

static int never_called(void *user, const char *host, int port, sk_family family, sk_addr *out,
                        int cap, int *count) {
    (void)host, (void)port, (void)family, (void)out, (void)cap, (void)count;
    *(int *)user = 1;
    return EAI_FAIL;
}

static void digits_need_no_lookup(void **state) {
    (void)state;
    static const struct {
        const char *host;
        sk_family family;
        int eai;
        const char *text;
    } cases[] = {
        {"127.0.0.1", SK_FAMILY_ANY, 0, "127.0.0.1:80"},
        {"127.0.0.1", SK_FAMILY_V4, 0, "127.0.0.1:80"},
        {"127.0.0.1", SK_FAMILY_V6, EAI_ADDRFAMILY, NULL},
        {"::1", SK_FAMILY_ANY, 0, "[::1]:80"},
        {"::1", SK_FAMILY_V6, 0, "[::1]:80"},
        {"::1", SK_FAMILY_V4, EAI_ADDRFAMILY, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int called = 0;
        sk_resolve *r =
            sk_resolve_start(cases[i].host, 80, cases[i].family, never_called, &called, NULL);
        assert_non_null(r);
        assert_int_equal(sk_resolve_fd(r), -1);
        const sk_addr *addrs;
        int eai, count;
        assert_int_equal(sk_resolve_done(r, &eai, &addrs, &count), 1);
        assert_int_equal(eai, cases[i].eai);
        assert_int_equal(count, cases[i].text != NULL);
        if (cases[i].text)
            assert_string_equal(text_of(&addrs[0]), cases[i].text);
        assert_false(called);
        sk_resolve_release(r);
    }
    sk_resolve_release(NULL);
}

static void no_host_is_refused(void **state) {
    (void)state;
    skua_error err;
    assert_null(sk_resolve_start("", 80, SK_FAMILY_ANY, NULL, NULL, &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_null(sk_resolve_start(NULL, 80, SK_FAMILY_ANY, NULL, NULL, NULL));
}

/* The system knows localhost without asking the network, whatever addresses are configured. */
static void localhost_is_the_loopback(void **state) {
    (void)state;
    static const char *const names[] = {"localhost", "LOCALHOST"};
    for (size_t i = 0; i < 2; i++) {
        for (sk_family family = SK_FAMILY_ANY; family <= SK_FAMILY_V4; family++) {
            sk_resolve *r = sk_resolve_start(names[i], 8080, family, NULL, NULL, NULL);
            assert_non_null(r);
            wait_for(r);
            const sk_addr *addrs;
            int eai, count;
            assert_int_equal(sk_resolve_done(r, &eai, &addrs, &count), 1);
            assert_int_equal(eai, 0);
            assert_true(count >= 1);
            for (int k = 0; k < count; k++) {
                const char *text = text_of(&addrs[k]);
                bool is_v4 = strcmp(text, "127.0.0.1:8080") == 0;
                assert_true(is_v4 || (family == SK_FAMILY_ANY && strcmp(text, "[::1]:8080") == 0));
            }
            sk_resolve_release(r);
        }
    }
}

typedef struct script {
    const char *addresses; /* separated by spaces */
    int eai;
    char host[32];
    int port;
    sk_family family;
} script;

static int scripted(void *user, const char *host, int port, sk_family family, sk_addr *out, int cap,
                    int *count) {
    script *s = user;
    snprintf(s->host, sizeof s->host, "%s", host);
    s->port = port;
    s->family = family;
    const char *p = s->addresses;
    for (int n = 0; *p != '\0' && n < cap; n++) {
        size_t len = strcspn(p, " ");
        if (!sk_addr_parse((skua_str){p, len}, port, &out[n]))
            return EAI_FAIL;
        *count = n + 1;
        p += len + (p[len] == ' ');
    }
    return s->eai;
}

static void lookup_is_asked_and_its_order_kept(void **state) {
    (void)state;
    script s = {.addresses = "192.0.2.9 2001:db8::2 192.0.2.1 2001:db8::1"};
    sk_resolve *r = sk_resolve_start("a.test", 443, SK_FAMILY_V6, scripted, &s, NULL);
    assert_non_null(r);
    wait_for(r);
    const sk_addr *addrs;
    int eai, count;
    assert_int_equal(sk_resolve_done(r, &eai, &addrs, &count), 1);
    assert_int_equal(eai, 0);
    assert_int_equal(count, 4);
    assert_string_equal(text_of(&addrs[0]), "192.0.2.9:443");
    assert_string_equal(text_of(&addrs[1]), "[2001:db8::2]:443");
    assert_string_equal(text_of(&addrs[2]), "192.0.2.1:443");
    assert_string_equal(text_of(&addrs[3]), "[2001:db8::1]:443");
    assert_string_equal(s.host, "a.test");
    assert_int_equal(s.port, 443);
    assert_int_equal(s.family, SK_FAMILY_V6);
    sk_resolve_release(r);
}

static void failure_and_nothing_are_told(void **state) {
    (void)state;
    static const struct {
        int eai, told;
    } cases[] = {{EAI_AGAIN, EAI_AGAIN}, {EAI_NONAME, EAI_NONAME}, {0, EAI_NONAME}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script s = {.addresses = "", .eai = cases[i].eai};
        sk_resolve *r = sk_resolve_start("a.test", 80, SK_FAMILY_ANY, scripted, &s, NULL);
        assert_non_null(r);
        wait_for(r);
        const sk_addr *addrs;
        int eai, count = -1;
        assert_int_equal(sk_resolve_done(r, &eai, &addrs, &count), 1);
        assert_int_equal(eai, cases[i].told);
        assert_int_equal(count, 0);
        sk_resolve_release(r);
    }
}

static void error_names_the_host(void **state) {
    (void)state;
    skua_error err;
    assert_int_equal(sk_resolve_fail(&err, "nosuch.invalid", EAI_NONAME), SKUA_E_RESOLVE);
    assert_int_equal(err.phase, SKUA_PHASE_RESOLVE);
    assert_int_equal(err.resolve_code, EAI_NONAME);
    assert_string_equal(err.msg, "resolve: nosuch.invalid: Name or service not known");
    assert_int_equal(sk_resolve_fail(&err, "h", EAI_MEMORY), SKUA_E_NOMEM);
    assert_int_equal(sk_resolve_fail(NULL, "h", EAI_AGAIN), SKUA_E_RESOLVE);
}

/* A name server that does not answer until the test lets it. */
typedef struct black_hole {
    sk_wake entered, release, left;
} black_hole;

static int hang(void *user, const char *host, int port, sk_family family, sk_addr *out, int cap,
                int *count) {
    (void)host, (void)port, (void)family, (void)cap;
    black_hole *b = user;
    sk_wake_set(&b->entered);
    sk_poll_one(b->release.read_fd, SKUA_WANT_READ, PATIENCE_MS, NULL);
    /* Nobody may be there any more, and still this must be ours to write to. */
    memset(out, 0x5a, sizeof *out);
    *count = 1;
    sk_wake_set(&b->left);
    return 0;
}

static void lookup_that_hangs_is_abandoned(void **state) {
    (void)state;
    static black_hole b;
    assert_int_equal(sk_wake_init(&b.entered), 0);
    assert_int_equal(sk_wake_init(&b.release), 0);
    assert_int_equal(sk_wake_init(&b.left), 0);
    sk_resolve *r = sk_resolve_start("a.test", 80, SK_FAMILY_ANY, hang, &b, NULL);
    assert_non_null(r);
    assert_int_equal(sk_poll_one(b.entered.read_fd, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);

    int64_t before = sk_clock_ms();
    assert_int_equal(sk_poll_one(sk_resolve_fd(r), SKUA_WANT_READ, 30, NULL), SKUA_E_TIMEOUT);
    const sk_addr *addrs;
    int eai, count;
    assert_int_equal(sk_resolve_done(r, &eai, &addrs, &count), 0);
    sk_resolve_release(r);
    assert_in_range((uintmax_t)(sk_clock_ms() - before), 30, PATIENCE_MS / 2);
    /* We are out, and the lookup still hangs. */
    assert_int_equal(sk_poll_one(b.left.read_fd, SKUA_WANT_READ, 0, NULL), SKUA_E_TIMEOUT);

    sk_wake_set(&b.release);
    assert_int_equal(sk_poll_one(b.left.read_fd, SKUA_WANT_READ, PATIENCE_MS, NULL), 0);
    sk_wake_clear(&b.left); /* what orders the closes behind the thread's last use */
    sk_wake_close(&b.entered);
    sk_wake_close(&b.release);
    sk_wake_close(&b.left);
}

static atomic_int ended;

static int at_once(void *user, const char *host, int port, sk_family family, sk_addr *out, int cap,
                   int *count) {
    (void)user, (void)host, (void)family, (void)cap;
    *count = sk_addr_parse(SK_LIT("192.0.2.1"), port, out);
    atomic_fetch_add(&ended, 1);
    return 0;
}

#define RACES 200

/* Letting go at any moment, before, while or after the lookup ends, frees the job once. */
static void letting_go_races_with_the_end(void **state) {
    (void)state;
    for (int i = 0; i < RACES; i++) {
        sk_resolve *r = sk_resolve_start("a.test", 80, SK_FAMILY_ANY, at_once, NULL, NULL);
        assert_non_null(r);
        if (i % 3 == 0)
            wait_for(r);
        sk_resolve_release(r);
    }
    int64_t patience = sk_clock_ms() + PATIENCE_MS;
    while (atomic_load(&ended) < RACES && sk_clock_ms() < patience)
        sched_yield();
    assert_int_equal(atomic_load(&ended), RACES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_need_no_lookup),
        cmocka_unit_test(no_host_is_refused),
        cmocka_unit_test(localhost_is_the_loopback),
        cmocka_unit_test(lookup_is_asked_and_its_order_kept),
        cmocka_unit_test(failure_and_nothing_are_told),
        cmocka_unit_test(error_names_the_host),
        cmocka_unit_test(lookup_that_hangs_is_abandoned),
        cmocka_unit_test(letting_go_races_with_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
