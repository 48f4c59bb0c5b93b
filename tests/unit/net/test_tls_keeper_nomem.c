/* A server's TLS settings without memory: nothing leaks, what was good stays, the error says so.
 * OpenSSL's own allocations are not ours to fail. */
#include "../nomem.h"
#include "net/tls_keeper.h"
#include "tls_staples.h"
#include "tls_visit.h"

#include <sys/stat.h>

static kept_path paths[5];

static int begin(void **state) {
    static const char *const files[] = {"good", "other", "staple", "keys", "ca"};
    if (common_begin(state) != 0)
        return -1;
    certs_make(&(cert_spec){.file = "other", .cn = "x", .san = "DNS:b.example,DNS:*.b.example"});
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        paths[i] = path_kept(files[i]);
    der d = staple_make(&(staple_spec){.cert = "good"});
    FILE *f = fopen(paths[2].text, "w"), *g = fopen(paths[3].text, "w");
    assert_non_null(f);
    assert_non_null(g);
    fwrite(d.data, (size_t)d.len, 1, f);
    fchmod(fileno(g), 0600);
    fwrite("0123456789012345678901234567890123456789", 40, 1, g);
    fwrite("0123456789012345678901234567890123456789", 40, 1, g);
    fclose(f);
    fclose(g);
    OPENSSL_free(d.data);
    return 0;
}

static sk_tls_keeper *make(skua_error *err) {
    const skua_tls_cert list[] = {{.cert_file = paths[1].text}, {0}};
    return sk_tls_keeper_new(SKUA_OPTS(skua_tls_opts, .cert_file = paths[0].text,
                                       .ca_file = paths[4].text, .ocsp_file = paths[2].text,
                                       .ticket_key_file = paths[3].text, .certs = list),
                             err);
}

static void none_is_made_without_memory(void **state) {
    (void)state;
    int nth = 1;
    for (;; nth++) {
        skua_error err = {0};
        nomem_fail_from(nth);
        sk_tls_keeper *k = make(&err);
        if (!nomem_stop()) {
            sk_tls_keeper_free(k);
            break;
        }
        assert_null(k);
        assert_int_equal(err.code, SKUA_E_NOMEM);
    }
    assert_true(nth > 10);
}

static void ignore(void *user, const char *line) {
    (void)user;
    (void)line;
}

/* A reload that fails for it leaves what was there. */
static void what_was_good_stays(void **state) {
    (void)state;
    skua_error err = {0};
    sk_tls_keeper *k = make(&err);
    assert_non_null(k);
    int64_t until = sk_tls_keeper_expiry(k, 1);
    for (int nth = 1;; nth++) {
        assert_true(nth < 500);
        nomem_fail_from(nth);
        int rc = sk_tls_keeper_reload(k, &err);
        if (!nomem_stop())
            break;
        assert_int_equal(rc, SKUA_E_NOMEM);
        assert_true(sk_tls_keeper_expiry(k, 1) == until);
        sk_tls_ctx_unref(sk_tls_keeper_get(k, 0, ignore, NULL));
    }
    sk_tls_keeper_free(k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_made_without_memory),
        cmocka_unit_test(what_was_good_stays),
    };
    return cmocka_run_group_tests(tests, begin, certs_end);
}
