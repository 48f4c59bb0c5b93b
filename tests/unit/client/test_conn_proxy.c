/* client/route.c - the options of a connection that lead it another way: proxy, proxy_from_env,
 * proxy_tunnel, proxy_fields, unix_socket and network. */
#include "loopback.h"
#include "stalls.h"

#include <errno.h>

#define OK     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OPENED "HTTP/1.1 200 Connection established\r\n\r\n"

static const step one[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
static const step two[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
static const step relay[] = {{EXPECT, "\r\n\r\n", 0},
                             {SEND, OPENED, 0},
                             {EXPECT, "\r\n\r\n", 0},
                             {SEND, OK, 0},
                             {END, NULL, 0}};

/* What a connection with these options sends for a request. */
static const char *sent(const char *where, skua_conn_opts opts, const char *method,
                        const char *target, const skua_field *fields) {
    static char text[4096];
    script *s = script_with(opts.proxy_tunnel ? relay : one, where, opts, 1 << 20);
    int rc = skua_conn_request(s->conn, method, target, fields, NULL, 0, &s->err);
    if (rc != 0)
        fail_msg("%s", s->err.msg);
    skua_response *r = skua_conn_getresponse(s->conn, &s->err);
    assert_non_null(r);
    snprintf(text, sizeof text, "%s", s->got);
    skua_response_free(r);
    script_free(s);
    return text;
}

/* ---- requests to a proxy ---- */

static void a10_a_proxy_is_told_the_whole_url(void **state) {
    (void)state;
    static const struct {
        const char *where, *method, *target, *line;
    } cases[] = {
        {"http://example.org", "GET", "/a?b",
         "GET http://example.org/a?b HTTP/1.1\r\n"
         "Host: example.org\r\n"},
        {"http://example.org:8080", "GET", "/",
         "GET http://example.org:8080/ HTTP/1.1\r\n"
         "Host: example.org:8080\r\n"},
        {"http://[::1]:81", "GET", "/", "GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\n"},
        {"http://example.org", "GET", "?q", "GET http://example.org?q HTTP/1.1\r\n"},
        {"http://example.org", "OPTIONS", "*", "OPTIONS http://example.org HTTP/1.1\r\n"},
        {"http://example.org", "GET", "http://other/x",
         "GET http://other/x HTTP/1.1\r\nHost: other\r\n"},
    };
    const skua_conn_opts o = {.proxy = "proxy.example:3128"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = sent(cases[i].where, o, cases[i].method, cases[i].target, NULL);
        assert_int_equal(strncmp(got, cases[i].line, strlen(cases[i].line)), 0);
    }
}

static void a10_a_proxy_is_told_what_is_for_it(void **state) {
    (void)state;
    const skua_field of_proxy[] = {{"X-Proxy", "1", 0}, {0}};
    const skua_field own[] = {{"Authorization", "Bearer x", 0}, {0}};
    const skua_conn_opts o = {.proxy = "http://u:p@proxy.example", .proxy_fields = of_proxy};
    assert_string_equal(sent("http://example.org", o, "GET", "/", own),
                        "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n"
                        "Accept-Encoding: identity\r\nProxy-Authorization: Basic dTpw\r\n"
                        "X-Proxy: 1\r\nAuthorization: Bearer x\r\n\r\n");
    const skua_field over[] = {{"proxy-authorization", "Basic own", 0}, {"x-proxy", "2", 0}, {0}};
    assert_string_equal(sent("http://example.org", o, "GET", "/", over),
                        "GET http://example.org/ HTTP/1.1\r\nHost: example.org\r\n"
                        "Accept-Encoding: identity\r\nproxy-authorization: Basic own\r\n"
                        "x-proxy: 2\r\n\r\n");
}

static char traced[4096];

static void trace(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    size_t at = strlen(traced);
    snprintf(traced + at, sizeof traced - at, "%c %.*s\n", (char)kind, (int)len, line);
}

static void a11_secrets_for_a_proxy_are_masked(void **state) {
    (void)state;
    const skua_field of_proxy[] = {{"X-Key", "pass", SKUA_FIELD_SECRET}, {0}};
    traced[0] = '\0';
    const skua_conn_opts o = {
        .proxy = "http://u:pass@proxy.example", .proxy_fields = of_proxy, .trace = trace};
    const char *got = sent("http://example.org", o, "GET", "/", NULL);
    assert_non_null(strstr(got, "X-Key: pass\r\n"));
    assert_non_null(strstr(traced, "> Proxy-Authorization: ***\n> X-Key: ***\n"));
    assert_null(strstr(traced, "pass"));
    assert_null(strstr(traced, "dTpwYXNz"));
}

static void a10_the_url_of_the_answer_is_the_origins(void **state) {
    (void)state;
    script *s = script_with(two, "http://example.org",
                            (skua_conn_opts){.proxy = "http://proxy.example"}, 1 << 20);
    for (int i = 0; i < 2; i++) { /* over one connection */
        skua_response *r = script_response(s);
        assert_body(r, "ok");
        assert_string_equal(skua_response_url(r), "http://example.org/");
        skua_response_free(r);
    }
    assert_int_equal(skua_conn_tunnel_status(s->conn), 0);
    script_free(s);
}

static void a10_errors_name_origin_and_proxy(void **state) {
    (void)state;
    static const step silent[] = {{EXPECT, "\r\n\r\n", 0}, {END, NULL, 0}};
    script *s = script_with(silent, "http://example.org",
                            (skua_conn_opts){.proxy = "http://proxy.example:3128"}, 1 << 20);
    assert_int_equal(script_failure(s), SKUA_E_TIMEOUT);
    static const char text[] = "wait: example.org (proxy proxy.example:3128): no response within ";
    assert_int_equal(strncmp(s->err.msg, text, sizeof text - 1), 0);
    assert_string_equal(s->err.target, "example.org:80");
    script_free(s);
}

/* ---- tunnels ---- */

static void a10_proxy_tunnel_is_for_http_too(void **state) {
    (void)state;
    const skua_field own[] = {{"Proxy-Authorization", "Basic own", 0}, {"X", "y", 0}, {0}};
    const skua_field of_proxy[] = {{"X-Proxy", "1", 0}, {0}};
    skua_conn_opts o = {.proxy = "u:p@proxy.example", .proxy_tunnel = 1, .proxy_fields = of_proxy};
    assert_string_equal(sent("http://example.org", o, "GET", "/", NULL),
                        "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n"
                        "Proxy-Authorization: Basic dTpw\r\nX-Proxy: 1\r\n\r\n"
                        "GET / HTTP/1.1\r\nHost: example.org\r\nAccept-Encoding: identity\r\n\r\n");
    assert_string_equal(sent("http://example.org:81", o, "GET", "/", own),
                        "CONNECT example.org:81 HTTP/1.1\r\nHost: example.org:81\r\n"
                        "Proxy-Authorization: Basic own\r\nX-Proxy: 1\r\n\r\n"
                        "GET / HTTP/1.1\r\nHost: example.org:81\r\n"
                        "Accept-Encoding: identity\r\nX: y\r\n\r\n");
}

static void a10_set_tunnel_besides_the_option_is_refused(void **state) {
    (void)state;
    skua_error err;
    skua_conn *c = skua_conn_new("http://example.org",
                                 SKUA_OPTS(skua_conn_opts, .proxy = "proxy.example"), &err);
    assert_non_null(c);
    assert_int_equal(skua_conn_set_tunnel(c, "other.example", NULL, &err), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(err.msg, "state: example.org: the option proxy makes a tunnel by itself");
    skua_conn_free(c);
}

/* ---- which proxy, and which hop ---- */

static void forget_environment(void) {
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "all_proxy",
                                        "ALL_PROXY",  "no_proxy",   "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static int get(skua_conn *c, skua_error *err) {
    int rc = skua_conn_request(c, "GET", "/", NULL, NULL, 0, err);
    skua_response *r = rc == 0 ? skua_conn_getresponse(c, err) : NULL;
    if (rc == 0 && !r)
        rc = err->code;
    if (r)
        assert_body(r, "ok");
    skua_response_free(r);
    return rc;
}

static skua_conn *conn_of(const char *where, skua_conn_opts o) {
    skua_error err;
    o.size = sizeof o;
    skua_conn *c = skua_conn_new(where, &o, &err);
    if (!c)
        fail_msg("%s", err.msg);
    return c;
}

static void a10_the_environment_is_read_where_it_is_asked_for(void **state) {
    (void)state;
    loopback *proxy = loopback_start((const step *const[]){one, NULL});
    loopback *origin = loopback_start((const step *const[]){one, one, one, NULL});
    skua_error err;
    forget_environment();
    setenv("http_proxy", proxy->origin, 1);
    static const struct {
        skua_conn_opts opts;
        const char *no_proxy;
    } straight[] = {{{0}, ""},
                    {{.proxy = "", .proxy_from_env = 1}, ""},
                    {{.proxy_from_env = 1}, "127.0.0.0/8"}};
    for (size_t i = 0; i < sizeof straight / sizeof *straight; i++) {
        setenv("no_proxy", straight[i].no_proxy, 1);
        skua_conn *c = conn_of(origin->origin, straight[i].opts);
        assert_int_equal(get(c, &err), 0);
        skua_conn_free(c);
    }
    setenv("no_proxy", "", 1);
    skua_conn *c = conn_of("http://nosuch.invalid", (skua_conn_opts){.proxy_from_env = 1});
    forget_environment(); /* it has been read */
    assert_int_equal(get(c, &err), 0);
    skua_conn_free(c);
    assert_memory_equal(proxy->got[0], "GET http://nosuch.invalid/ ", 27);
    loopback_end(proxy);
    loopback_end(origin);
}

static void a10_what_is_for_a_proxy_is_for_nobody_else(void **state) {
    (void)state;
    static const skua_field own[] = {{"Proxy-Authorization", "Basic secret", 0}, {0}};
    static const struct {
        skua_conn_opts opts;
        bool sent;
    } cases[] = {{{.proxy_from_env = 1}, false},
                 {{.proxy_from_env = 1, .proxy = ""}, true}, /* by hand: the host is a proxy */
                 {{0}, true}};
    loopback *l = loopback_start((const step *const[]){one, one, one, NULL});
    forget_environment();
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("no_proxy", "127.0.0.1", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        skua_conn *c = conn_of(l->origin, cases[i].opts);
        assert_int_equal(skua_conn_request(c, "GET", "/", own, NULL, 0, &err), 0);
        skua_response_free(skua_conn_getresponse(c, &err));
        skua_conn_free(c);
    }
    forget_environment();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(strstr(l->got[i], "secret") != NULL, cases[i].sent);
    loopback_end(l);
}

static void a10_a_bad_proxy_in_the_environment_is_refused(void **state) {
    (void)state;
    skua_error err;
    forget_environment();
    setenv("http_proxy", "socks5://h", 1);
    assert_null(skua_conn_new("h", SKUA_OPTS(skua_conn_opts, .proxy_from_env = 1), &err));
    assert_int_equal(err.code, SKUA_E_UNSUPPORTED);
    forget_environment();
}

static void a10_the_hop_that_failed_is_named(void **state) {
    (void)state;
    int port;
    int fd = refusing_socket(&port);
    char proxy[64], text[128];
    skua_error err;
    snprintf(proxy, sizeof proxy, "127.0.0.1:%d", port);
    skua_conn *c = conn_of("https://example.org", (skua_conn_opts){.proxy = proxy});
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_CONNECTION_REFUSED);
    snprintf(text, sizeof text, "connect: proxy 127.0.0.1:%d: connection refused", port);
    assert_string_equal(err.msg, text);
    assert_string_equal(err.target, "example.org:443");
    assert_string_equal(err.address, proxy);
    assert_int_equal(err.attempts, 1);
    skua_attempt tried[2];
    assert_int_equal(skua_conn_attempts(c, tried, 2), 1);
    assert_string_equal(tried[0].address, proxy);
    assert_int_equal(tried[0].os_errno, ECONNREFUSED);
    skua_conn_free(c);
    close(fd);
}

static void a09_the_attempts_of_a_race_are_told(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){one, NULL});
    const skua_resolve_entry entries[] = {{"host.invalid", 0, "127.0.0.9,127.0.0.1"}, {0}};
    char where[64], first[64], second[64];
    snprintf(where, sizeof where, "host.invalid:%d", l->port);
    snprintf(first, sizeof first, "127.0.0.9:%d", l->port);
    snprintf(second, sizeof second, "127.0.0.1:%d", l->port);
    skua_error err;
    skua_attempt tried[4];
    skua_conn *c = conn_of(where, (skua_conn_opts){.resolve = entries});
    assert_int_equal(skua_conn_attempts(c, tried, 4), 0);
    assert_int_equal(get(c, &err), 0);
    assert_int_equal(skua_conn_attempts(c, tried, 4), 2);
    assert_string_equal(tried[0].address, first);
    assert_int_equal(tried[0].os_errno, ECONNREFUSED);
    assert_string_equal(tried[1].address, second);
    assert_int_equal(tried[1].os_errno, 0);
    assert_int_equal(skua_conn_attempts(c, tried, 1), 1);
    assert_int_equal(skua_conn_attempts(c, NULL, 1), 0);
    skua_conn_free(c);
    loopback_end(l);
}

typedef struct hole {
    const loopback *l;
    const char *scheme;
    size_t option; /* which time-out is set */
    skua_phase phase;
    const char *hop;
} hole;

static bool is_left_in_time(const void *user, int64_t ms) {
    const hole *h = user;
    skua_conn_opts o = stalls_opts(h->option, ms);
    char proxy[64];
    skua_error err;
    snprintf(proxy, sizeof proxy, "%s%s", h->scheme, h->l->origin + 4);
    o.proxy = proxy;
    int64_t began = sk_clock_ms();
    skua_conn *c = conn_of("https://example.org", o);
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_TIMEOUT);
    skua_conn_free(c);
    return stalls_took(began, ms) && err.phase == h->phase &&
           strncmp(err.msg, h->hop, strlen(h->hop)) == 0;
}

/* The kernel completes the handshake for a listener that never accepts: a black hole. */
static void a10_a_proxy_that_is_a_black_hole_is_left_in_time(void **state) {
    (void)state;
    static const char tunnel[] = "tunnel: 127.0.0.1:", tls[] = "tls: proxy 127.0.0.1: ";
    loopback *l = loopback_start((const step *const[]){NULL});
    pthread_join(l->thread, NULL);
    const hole holes[] = {
        {l, "http", offsetof(skua_conn_opts, connect_timeout_ms), SKUA_PHASE_TUNNEL, tunnel},
        {l, "http", offsetof(skua_conn_opts, establish_timeout_ms), SKUA_PHASE_TUNNEL, tunnel},
        {l, "http", offsetof(skua_conn_opts, timeout_ms), SKUA_PHASE_TUNNEL, tunnel},
        {l, "https", offsetof(skua_conn_opts, tls_timeout_ms), SKUA_PHASE_TLS, tls},
    };
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++)
        stalls_endure(is_left_in_time, &holes[i], 150);
    assert_int_equal(pthread_create(&l->thread, NULL, loopback_main, l), 0);
    loopback_end(l);
}

static void a10_port_0_of_a_proxy(void **state) {
    (void)state;
    skua_error err;
    skua_conn *c = conn_of("http://example.org", (skua_conn_opts){.proxy = "127.0.0.1:0"});
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_INVALID_URL);
    assert_string_equal(err.msg, "connect: proxy 127.0.0.1: port 0 is no port to connect to");
    skua_conn_free(c);
}

static void a10_options_that_are_wrong(void **state) {
    (void)state;
    static const skua_field length[] = {{"Content-Length", "1", 0}, {0}},
                            host[] = {{"Host", "x", 0}, {0}}, odd[] = {{"a b", "x", 0}, {0}},
                            none[] = {{"X", NULL, 0}, {0}};
    const skua_conn_opts cases[] = {
        {.proxy_fields = length},
        {.proxy_fields = host},
        {.proxy_fields = odd},
        {.proxy_fields = none},
        {.unix_socket = ""},
        {.unix_socket = "/run/x", .proxy = "proxy.example"},
        {.network = (skua_network_policy)7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        skua_conn_opts o = cases[i];
        o.size = sizeof o;
        assert_null(skua_conn_new("http://example.org", &o, &err));
        assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
        assert_null(skua_conn_new("http://example.org", &o, NULL));
    }
    skua_error err;
    assert_null(skua_conn_new("unix:/run/x", SKUA_OPTS(skua_conn_opts, .proxy = "h"), &err));
    assert_string_equal(err.msg, "unix:/run/x cannot be reached through a proxy");
}

/* ---- a Unix socket whatever the host ---- */

static void a01_unix_socket_whatever_the_host(void **state) {
    (void)state;
    char name[64], text[256];
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int len = snprintf(name, sizeof name, "@skua-test-%ld", (long)getpid());
    memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
    loopback *l = calloc(1, sizeof *l);
    assert_non_null(l);
    l->connections = (const step *const[]){one, NULL};
    l->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len);
    assert_int_equal(bind(l->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(l->listener, 8), 0);
    assert_int_equal(pthread_create(&l->thread, NULL, loopback_main, l), 0);
    skua_error err;
    setenv("http_proxy", "proxy.invalid", 1); /* does not count */
    skua_conn *c = conn_of("http://nosuch.invalid:8080",
                           (skua_conn_opts){.unix_socket = name, .proxy_from_env = 1});
    forget_environment();
    assert_int_equal(get(c, &err), 0);
    assert_memory_equal(l->got[0], "GET / HTTP/1.1\r\nHost: nosuch.invalid:8080\r\n", 43);
    skua_attempt tried;
    assert_int_equal(skua_conn_attempts(c, &tried, 1), 1);
    snprintf(text, sizeof text, "unix:%s", name);
    assert_string_equal(tried.address, text);
    assert_int_equal(tried.os_errno, 0);
    skua_conn_free(c);
    loopback_end(l);

    c = conn_of("http://example.org", (skua_conn_opts){.unix_socket = "/nowhere/x"});
    assert_int_equal(skua_conn_connect(c, &err), SKUA_E_CONNECT);
    assert_string_equal(err.msg,
                        "connect: example.org: unix:/nowhere/x: no such file or directory");
    skua_conn_free(c);
    assert_int_equal(skua_conn_attempts(NULL, &tried, 1), 0);
}

/* ---- the network policy ---- */

static void a10_the_network_policy_holds_for_whoever_is_dialled(void **state) {
    (void)state;
    const skua_resolve_entry there[] = {{"good.example", 0, "10.0.0.1,[::ffff:127.0.0.1]"}, {0}};
    const skua_conn_opts public_only = {.network = SKUA_NET_PUBLIC_ONLY, .resolve = there};
    skua_conn_opts by_proxy = public_only, by_unix = public_only;
    by_proxy.proxy = "http://[fe80::1]:3128";
    by_unix.unix_socket = "/run/x";
    const struct {
        const char *where;
        const skua_conn_opts *opts;
        const char *whom, *why;
    } cases[] = {
        {"http://127.0.0.1", &public_only, "127.0.0.1:80", "127.0.0.1 is loopback (RFC 1122)"},
        {"http://[64:ff9b::a00:1]:8080", &public_only, "[64:ff9b::a00:1]:8080",
         "[64:ff9b::a00:1] holds an IPv4 address that is "
         "private (RFC 1918)"},
        {"https://good.example", &public_only, "good.example:443",
         "10.0.0.1 is private (RFC 1918), 127.0.0.1 is loopback "
         "(RFC 1122)"},
        {"unix:/run/x", &public_only, "unix:/run/x", "unix:/run/x is a Unix socket"},
        {"http://example.org", &by_unix, "example.org: unix:/run/x",
         "unix:/run/x is a Unix socket"},
        {"http://example.org", &by_proxy, "proxy [fe80::1]:3128",
         "[fe80::1] is link-local (RFC 4291)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err;
        char text[512];
        skua_conn *c = conn_of(cases[i].where, *cases[i].opts);
        assert_int_equal(skua_conn_connect(c, &err), SKUA_E_NETWORK_POLICY);
        assert_int_equal(err.phase, SKUA_PHASE_CONNECT);
        snprintf(text, sizeof text, "connect: %s: not allowed by the network policy: %s",
                 cases[i].whom, cases[i].why);
        assert_string_equal(err.msg, text);
        skua_conn_free(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a10_a_proxy_is_told_the_whole_url),
        cmocka_unit_test(a10_a_proxy_is_told_what_is_for_it),
        cmocka_unit_test(a11_secrets_for_a_proxy_are_masked),
        cmocka_unit_test(a10_the_url_of_the_answer_is_the_origins),
        cmocka_unit_test(a10_errors_name_origin_and_proxy),
        cmocka_unit_test(a10_proxy_tunnel_is_for_http_too),
        cmocka_unit_test(a10_set_tunnel_besides_the_option_is_refused),
        cmocka_unit_test(a10_the_environment_is_read_where_it_is_asked_for),
        cmocka_unit_test(a10_what_is_for_a_proxy_is_for_nobody_else),
        cmocka_unit_test(a10_a_bad_proxy_in_the_environment_is_refused),
        cmocka_unit_test(a10_the_hop_that_failed_is_named),
        cmocka_unit_test(a09_the_attempts_of_a_race_are_told),
        cmocka_unit_test(a10_a_proxy_that_is_a_black_hole_is_left_in_time),
        cmocka_unit_test(a10_port_0_of_a_proxy),
        cmocka_unit_test(a10_options_that_are_wrong),
        cmocka_unit_test(a01_unix_socket_whatever_the_host),
        cmocka_unit_test(a10_the_network_policy_holds_for_whoever_is_dialled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
