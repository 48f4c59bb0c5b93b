/* What a listener can be: behind a proxy that says who its clients are, a file, a socket that was
 * handed over. */
#include "net/tcp.h"
#include "net/tls.h"
#include "raw_client.h"
#include "running.h"
#include "server/address_list.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define LOOPBACK     "http://127.0.0.1:0"
#define GET          "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
#define GET_CLOSE    "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
#define V1           "PROXY TCP4 192.0.2.7 198.51.100.1 49152 443\r\n"

static int whose(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_reply_text(a, 200, "[%s]", skua_request_client(q));
}

static void start(running *r, const skua_server_opts *opts, const char *where,
                  const skua_listen_opts *listen) {
    running_make(r, opts);
    skua_route(r->s, "/", whose, NULL);
    assert_int_equal(skua_server_listen_with(r->s, where, listen), 0);
    assert_int_equal(sk_thread_start(&r->thread, running_thread, r), 0);
}

/* ---- PROXY protocol ---- */

#define FROM_LOOPBACK SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "10.0.0.0/8, 127.0.0.0/8")

static void b01_a_listed_proxy_says_who_it_is(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, NULL, LOOPBACK, FROM_LOOPBACK);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, V1 GET GET);
    rc_expect(&c, "\r\n\r\n[192.0.2.7:49152]");
    rc_expect(&c, "\r\n\r\n[192.0.2.7:49152]"); /* as long as the connection lasts */
    rc_close(&c);

    static const char v2[] =
        "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0"
        "\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50\0\x02" GET;
    const skua_str pieces = {v2, sizeof v2 - 1};
    rc_connect(&c, skua_server_url(r.s, 0));
    assert_int_equal(sk_socket_send(c.fd, &pieces, 1), pieces.len);
    rc_expect(&c, "\r\n\r\n[[2001:db8::1]:80]");
    rc_close(&c);

    rc_connect(&c, skua_server_url(r.s, 0)); /* it speaks for itself: a health check */
    rc_say(&c, "PROXY UNKNOWN\r\n" GET);
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_close(&c);
    running_finish(&r);
}

#define GET_HTTPS "GET https://h/ HTTP/1.1\r\nHost: h\r\n\r\n"

/* RFC 9110 7.4: a trusted gateway may have ended TLS. */
static void b01_a_listed_proxy_may_ask_for_https(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, NULL, LOOPBACK, FROM_LOOPBACK);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, V1 GET_HTTPS);
    rc_expect(&c, "\r\n\r\n[192.0.2.7:49152]");
    rc_close(&c);
    running_finish(&r);
    start(&r, NULL, LOOPBACK, NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET_HTTPS GET);
    rc_expect(&c, "HTTP/1.1 421 ");
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_close(&c);
    running_finish(&r);
}

static void b01_a_header_may_come_byte_by_byte(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 1), LOOPBACK, FROM_LOOPBACK);
    rc_connect(&c, skua_server_url(r.s, 0));
    for (const char *p = V1 GET; *p; p++)
        rc_say(&c, (char[]){*p, '\0'});
    rc_expect(&c, "\r\n\r\n[192.0.2.7:49152]");
    rc_close(&c);
    running_finish(&r);
}

static void b01_without_a_header_nobody_is_served(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, SKUA_OPTS(skua_server_opts, .header_timeout_ms = 200), LOOPBACK, FROM_LOOPBACK);
    static const char *const said[] = {GET, ("PROXY TCP4 what?\r\n" GET), "PROXY TCP4 1", ""};
    for (size_t i = 0; i < COUNT(said); i++) {
        rc_connect(&c, skua_server_url(r.s, 0));
        rc_say(&c, said[i]);
        rc_expect_end(&c); /* the last two when their time is over */
        assert_int_equal(c.len, 0);
        rc_close(&c);
    }
    running_finish(&r);
}

static void b01_a_header_from_others_is_400(void **state) {
    (void)state;
    running r;
    static raw_client c;
    start(&r, NULL, LOOPBACK, SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "192.0.2.0/24"));
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET); /* they need none */
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_say(&c, V1 GET);
    rc_expect(&c, "HTTP/1.1 400 ");
    rc_expect_end(&c);
    rc_close(&c);
    running_finish(&r);
}

static void b01_clients_are_counted_where_they_come_from(void **state) {
    (void)state;
    running r;
    static raw_client c[3];
    static const char *const froms[] = {"192.0.2.1", "192.0.2.2", "192.0.2.1"};
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 1, .connections_per_address_max = 1), LOOPBACK,
          FROM_LOOPBACK);
    for (size_t i = 0; i < COUNT(c); i++) {
        char header[128];
        snprintf(header, sizeof header, "PROXY TCP4 %s 198.51.100.1 1 2\r\n" GET, froms[i]);
        rc_connect(&c[i], skua_server_url(r.s, 0));
        rc_say(&c[i], header);
        rc_expect(&c[i], i < 2 ? "HTTP/1.1 200 " : "HTTP/1.1 503 ");
    }
    rc_expect_end(&c[2]);
    for (size_t i = 0; i < COUNT(c); i++)
        rc_close(&c[i]);
    running_finish(&r);
}

/* ---- TLS behind it ---- */

static skua_local_ca_files files;
static char dir[] = "/tmp/skua-listen-with-XXXXXX";

static int make_dir(void **state) {
    (void)state;
    skua_error err;
    if (!mkdtemp(dir))
        return -1;
    return skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = dir), &files, &err);
}

static int remove_dir(void **state) {
    (void)state;
    char command[256];
    snprintf(command, sizeof command, "rm -rf -- %s", dir);
    return system(command) == 0 ? 0 : -1;
}

static bool waited(skua_stream *s, ptrdiff_t rc, unsigned events) {
    skua_want want = s->ops->want(s, events);
    if (rc == SKUA_E_AGAIN)
        assert_int_equal(sk_poll_one(want.fd, want.events, PATIENCE_MS, NULL), 0);
    return rc == SKUA_E_AGAIN;
}

static void b01_tls_begins_behind_the_header(void **state) {
    (void)state;
    running r;
    skua_error err;
    static raw_client c;
    start(&r, NULL, "https://127.0.0.1:0",
          SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "127.0.0.1",
                    .tls = SKUA_OPTS(skua_tls_opts, .cert_file = files.cert_file,
                                     .key_file = files.key_file)));
    sk_tls_ctx *ctx = sk_tls_client_ctx(SKUA_OPTS(skua_tls_opts, .ca_file = files.ca_file), &err);
    sk_tls_scratch *scratch = sk_tls_scratch_new();
    assert_non_null(ctx);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, V1);
    skua_stream *s = sk_tls_client(ctx, sk_tcp_new(c.fd), "127.0.0.1", scratch, &err);
    assert_non_null(s);
    const skua_str piece = SK_LIT(GET_CLOSE);
    ptrdiff_t n;
    while (waited(s, n = s->ops->writev(s, &piece, 1, &err), SKUA_WANT_WRITE))
        ;
    assert_int_equal(n, piece.len);
    char text[4096] = "";
    size_t len = 0;
    while ((n = s->ops->read(s, text + len, sizeof text - 1 - len, &err)) != 0) {
        assert_true(n > 0 || waited(s, n, SKUA_WANT_READ));
        len += n > 0 ? (size_t)n : 0;
        text[len] = '\0';
    }
    assert_non_null(strstr(text, "\r\n\r\n[192.0.2.7:49152]"));
    s->ops->close(s);
    sk_tls_ctx_unref(ctx);
    sk_tls_scratch_free(scratch);
    running_finish(&r);
}

/* ---- lists of addresses ---- */

static void b01_lists_hold_what_they_say(void **state) {
    (void)state;
    skua_error err;
    sk_address_list *l =
        sk_address_list_new("10.0.0.0/8,192.0.2.1\t2001:db8::/32 ::ffff:198.51.100.0/120", &err);
    assert_non_null(l);
    static const struct {
        const char *address;
        bool in;
    } cases[] = {
        {"10.255.0.1", true},      {"11.0.0.1", false},   {"192.0.2.1", true},
        {"192.0.2.2", false},      {"2001:db8::9", true}, {"2001:db9::", false},
        {"::ffff:10.1.1.1", true}, {"::10.1.1.1", false}, {"198.51.100.9", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_addr a;
        assert_true(sk_addr_parse(sk_str(cases[i].address), 0, &a));
        if (sk_address_list_has(l, &a) != cases[i].in)
            fail_msg("%s", cases[i].address);
        assert_false(sk_address_list_has(NULL, &a));
    }
    sk_addr local;
    assert_int_equal(sk_addr_unix(SK_LIT("/x"), &local), 0);
    assert_false(sk_address_list_has(l, &local));
    sk_address_list_free(l);
    l = sk_address_list_new("unix", &err);
    assert_true(sk_address_list_has(l, &local));
    sk_address_list_free(l);
    static const char *const bad[] = {"",       ",",    "localhost",   "10.0.0.0/33", "10.0.0/8",
                                      "::/129", "::1/", "10.0.0.1/-1", "10.0.0.1,x"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_null(sk_address_list_new(bad[i], &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    }
    skua_server *s = skua_server_new(NULL, &err);
    assert_int_equal(skua_server_listen_with(
                         s, LOOPBACK, SKUA_OPTS(skua_listen_opts, .proxy_protocol_from = "proxy")),
                     SKUA_E_INVALID_ARGUMENT);
    skua_server_free(s);
}

/* ---- Unix sockets ---- */

static void in_dir(char out[128], const char *scheme, const char *name) {
    snprintf(out, 128, "%s%s/%s", scheme, dir, name);
}

static void b01_a_file_goes_with_its_server(void **state) {
    (void)state;
    running r;
    char where[128], path[128];
    struct stat st;
    in_dir(where, "unix:", "s");
    in_dir(path, "", "s");
    for (unsigned i = 0; i < 2; i++) {
        start(&r, NULL, where,
              SKUA_OPTS(skua_listen_opts, .unix_mode = i ? 0666u : 0600u,
                        .proxy_protocol_from = "unix"));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, i ? 0666 : 0600);
        sk_addr at;
        static raw_client c;
        assert_int_equal(sk_addr_unix(sk_str(path), &at), 0);
        rc_connect_to(&c, &at);
        rc_say(&c, V1 GET);
        rc_expect(&c, "[192.0.2.7:49152]");
        rc_close(&c);
        if (i == 0)
            running_finish(&r);
        else
            running_stop(&r);
        assert_int_equal(stat(path, &st), -1);
    }
    skua_server_free(r.s);
}

static void b01_the_file_of_another_stays(void **state) {
    (void)state;
    running r;
    char where[128], path[128];
    struct stat st;
    in_dir(where, "unix:", "t");
    in_dir(path, "", "t");
    start(&r, NULL, where, NULL);
    assert_int_equal(unlink(path), 0);
    int fd = open(path, O_CREAT | O_WRONLY, 0600); /* in its place */
    assert_true(fd >= 0);
    close(fd);
    running_finish(&r);
    assert_int_equal(stat(path, &st), 0);
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err); /* nor is it replaced */
    assert_int_equal(skua_server_listen(s, where, NULL), SKUA_E_ADDRESS_IN_USE);
    skua_server_free(s);
    assert_int_equal(stat(path, &st), 0);
}

static void b01_an_abstract_name_is_no_file(void **state) {
    (void)state;
    running r;
    char where[64];
    snprintf(where, sizeof where, "unix:@skua-test-%ld", (long)getpid());
    start(&r, NULL, where, NULL);
    sk_addr at;
    static raw_client c;
    assert_int_equal(sk_addr_unix(sk_str(where + strlen("unix:")), &at), 0);
    rc_connect_to(&c, &at);
    rc_say(&c, GET);
    rc_expect(&c, "\r\n\r\n[");
    rc_close(&c);
    running_finish(&r);
}

/* ---- sockets that are handed over ---- */

static int listening(void) {
    sk_addr at;
    assert_true(sk_addr_parse(SK_LIT("127.0.0.1"), 0, &at));
    int fd = sk_socket_listen(&at, &(sk_listen_opts){0});
    assert_true(fd >= 0);
    return fd;
}

static void b01_a_listening_descriptor_is_taken_over(void **state) {
    (void)state;
    running r;
    static raw_client c;
    char where[32];
    int fd = listening();
    int kept = dup(fd); /* the one who started us has it, too */
    snprintf(where, sizeof where, "fd:%d", fd);
    start(&r, SKUA_OPTS(skua_server_opts, .workers = 2, .drain_grace_ms = 1), where, NULL);
    assert_memory_equal(skua_server_url(r.s, 0), "http://127.0.0.1:", 17);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET_CLOSE);
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_expect_end(&c);
    rc_close(&c);
    char url[64];
    snprintf(url, sizeof url, "%s", skua_server_url(r.s, 0));
    assert_int_equal(skua_server_drain(r.s, 0, NULL), 0);
    sk_thread_join(r.thread);
    skua_server_free(r.s);

    rc_connect(&c, url); /* waits for whoever listens next: nothing was done to the socket */
    rc_say(&c, GET_CLOSE);
    snprintf(where, sizeof where, "fd:%d", kept);
    start(&r, NULL, where, NULL);
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_close(&c);
    running_finish(&r);
}

static void b01_what_does_not_listen_is_not_taken_over(void **state) {
    (void)state;
    skua_error err;
    int pipes[2];
    char where[32];
    assert_int_equal(pipe(pipes), 0);
    snprintf(where, sizeof where, "fd:%d", pipes[0]);
    skua_server *s = skua_server_new(NULL, &err);
    assert_int_equal(skua_server_listen(s, where, NULL), SKUA_E_OS);
    skua_server_check(s, &err);
    assert_non_null(strstr(err.msg, "no socket that listens"));
    assert_int_equal(skua_server_listen(s, "fd:98765", NULL), SKUA_E_OS);
    skua_server_free(s);
    assert_int_equal(fcntl(pipes[0], F_GETFD), 0); /* it was left alone */
    close(pipes[0]);
    close(pipes[1]);
}

static void set_number(const char *name, long value) {
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    setenv(name, text, 1);
}

static void b01_sockets_of_a_service_manager_are_found_by_name(void **state) {
    (void)state;
    running r;
    static raw_client c;
    int before = fcntl(3, F_DUPFD_CLOEXEC, 10); /* whatever is there now */
    int fd = listening();
    if (fd != 3) {
        assert_int_equal(dup2(fd, 3), 3);
        close(fd);
    }
    skua_error err;
    skua_server *s = skua_server_new(NULL, &err);
    set_number("LISTEN_FDS", 1);
    set_number("LISTEN_PID", (long)getpid() + 1); /* meant for another */
    assert_int_equal(skua_server_listen(s, "systemd:", NULL), SKUA_E_OS);
    set_number("LISTEN_PID", getpid());
    setenv("LISTEN_FDNAMES", "web", 1);
    assert_int_equal(skua_server_listen(s, "systemd:admin", NULL), SKUA_E_OS);
    skua_server_free(s);
    start(&r, NULL, "systemd:web", NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    rc_say(&c, GET);
    rc_expect(&c, "\r\n\r\n[127.0.0.1:");
    rc_close(&c);
    running_finish(&r);
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
    if (before >= 0) {
        dup2(before, 3);
        close(before);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b01_a_listed_proxy_says_who_it_is),
        cmocka_unit_test(b01_a_listed_proxy_may_ask_for_https),
        cmocka_unit_test(b01_a_header_may_come_byte_by_byte),
        cmocka_unit_test(b01_without_a_header_nobody_is_served),
        cmocka_unit_test(b01_a_header_from_others_is_400),
        cmocka_unit_test(b01_clients_are_counted_where_they_come_from),
        cmocka_unit_test(b01_tls_begins_behind_the_header),
        cmocka_unit_test(b01_lists_hold_what_they_say),
        cmocka_unit_test(b01_a_file_goes_with_its_server),
        cmocka_unit_test(b01_the_file_of_another_stays),
        cmocka_unit_test(b01_an_abstract_name_is_no_file),
        cmocka_unit_test(b01_a_listening_descriptor_is_taken_over),
        cmocka_unit_test(b01_what_does_not_listen_is_not_taken_over),
        cmocka_unit_test(b01_sockets_of_a_service_manager_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
