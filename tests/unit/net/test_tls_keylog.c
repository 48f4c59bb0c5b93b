/* The log of keys: what is in it, who may read it, and that nobody is logged unasked. */
#include "sys/thread.h"
#include "tls_ends.h"

#include <ctype.h>
#include <sys/stat.h>

static void open_and_shake(ends *e, skua_tls_opts client, skua_tls_opts server) {
    client.size = server.size = sizeof client;
    client.ca_file = certs_path("ca");
    server.cert_file = certs_path("good");
    ends_open(e, 65536, &client, &server, "a.example");
    ends_shake(e);
    assert_int_equal(e->rc[CLIENT], 0);
}

static void hex_of(const unsigned char *p, size_t len, char *out) {
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* "LABEL RANDOM SECRET", the random being the client's. */
static void expect_lines(const char *file, const char *label, const char *random, int count) {
    char line[400];
    int found = 0;
    FILE *f = fopen(certs_path(file), "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char name[64], of[80], secret[200], more[2];
        assert_int_equal(sscanf(line, "%63s %79s %199s %1s", name, of, secret, more), 3);
        assert_int_equal(strlen(of), 64);
        for (const char *p = secret; *p; p++)
            assert_true(isxdigit((unsigned char)*p));
        found += strcmp(name, label) == 0 && (!random || strcmp(of, random) == 0);
    }
    fclose(f);
    assert_int_equal(found, count);
}

static void a02_the_keys_of_a_connection(void **state) {
    (void)state;
    static const struct {
        int version;
        const char *label;
    } cases[] = {{SKUA_TLS_1_2, "CLIENT_RANDOM"},
                 {SKUA_TLS_1_3, "CLIENT_TRAFFIC_SECRET_0"},
                 {SKUA_TLS_1_3, "SERVER_HANDSHAKE_TRAFFIC_SECRET"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ends e;
        struct stat st;
        unsigned char random[32];
        char hex[65];
        open_and_shake(
            &e, (skua_tls_opts){.keylog_file = certs_path("keys"), .max_version = cases[i].version},
            (skua_tls_opts){0});
        assert_string_equal(sk_tls_ctx_keylog(e.ctx[CLIENT]), certs_path("keys"));
        assert_null(sk_tls_ctx_keylog(e.ctx[SERVER]));
        SSL_get_client_random(ends_tls(&e, CLIENT)->ssl, random, sizeof random);
        hex_of(random, sizeof random, hex);
        expect_lines("keys", cases[i].label, hex, 1);
        assert_int_equal(stat(certs_path("keys"), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        ends_close(&e);
    }
}

/* Both ends see the same secrets. */
static void a02_a_server_can_log_them_too(void **state) {
    (void)state;
    ends e;
    open_and_shake(&e, (skua_tls_opts){.keylog_file = certs_path("both")},
                   (skua_tls_opts){.keylog_file = certs_path("both")});
    ends_close(&e);
    expect_lines("both", "CLIENT_TRAFFIC_SECRET_0", NULL, 2);
}

static void a02_nobody_is_logged_unasked(void **state) {
    (void)state;
    ends e;
    setenv("SSLKEYLOGFILE", certs_path("unasked"), 1);
    open_and_shake(&e, (skua_tls_opts){0}, (skua_tls_opts){0});
    assert_null(sk_tls_ctx_keylog(e.ctx[CLIENT]));
    ends_close(&e);
    unsetenv("SSLKEYLOGFILE");
    assert_int_equal(access(certs_path("unasked"), F_OK), -1);
}

static void a02_a_file_that_cannot_be_written_is_named(void **state) {
    (void)state;
    assert_int_equal(symlink("keys", certs_path("link")), 0);
    const struct {
        const char *file;
        int code;
        const char *says;
    } cases[] = {
        {"missing/keys", SKUA_E_FILE_NOT_FOUND, "No such file"},
        {"link", SKUA_E_OS, "symbolic links"},
        {"", SKUA_E_OS, "Is a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        const char *path = certs_path(cases[i].file);
        assert_null(sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .keylog_file = path), &err));
        if (err.code != cases[i].code || !strstr(err.msg, path) ||
            !strstr(err.msg, "keylog_file") || !strstr(err.msg, cases[i].says))
            fail_msg("%d, %s", err.code, err.msg);
        assert_null(sk_tls_server_ctx(SKUA_OPTS(skua_tls_opts, .keylog_file = path), NULL));
    }
}

/* A disk that is full costs lines of the log, and no connection. */
static void a02_what_cannot_be_logged_is_missing(void **state) {
    (void)state;
    ends e;
    open_and_shake(&e, (skua_tls_opts){.keylog_file = "/dev/full"}, (skua_tls_opts){0});
    ends_close(&e);
}

enum { THREADS = 4, ROUNDS = 4 };

static void *log_often(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        char keys[400], ca[400], good[400];
        ends e;
        snprintf(keys, sizeof keys, "%s/threads", certs_dir);
        snprintf(ca, sizeof ca, "%s/ca", certs_dir);
        snprintf(good, sizeof good, "%s/good", certs_dir);
        ends_open(&e, 65536, SKUA_OPTS(skua_tls_opts, .ca_file = ca, .keylog_file = keys),
                  SKUA_OPTS(skua_tls_opts, .cert_file = good), "a.example");
        ends_shake(&e);
        ends_close(&e);
    }
    return NULL;
}

static void a02_lines_stay_whole(void **state) {
    (void)state;
    sk_thread t[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(sk_thread_start(&t[i], log_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        sk_thread_join(t[i]);
    expect_lines("threads", "CLIENT_TRAFFIC_SECRET_0", NULL, THREADS * ROUNDS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a02_the_keys_of_a_connection),
        cmocka_unit_test(a02_a_server_can_log_them_too),
        cmocka_unit_test(a02_nobody_is_logged_unasked),
        cmocka_unit_test(a02_a_file_that_cannot_be_written_is_named),
        cmocka_unit_test(a02_what_cannot_be_logged_is_missing),
        cmocka_unit_test(a02_lines_stay_whole),
    };
    return cmocka_run_group_tests(tests, common_begin, certs_end);
}
