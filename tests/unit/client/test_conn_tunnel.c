/* client/conn_tunnel.c - set_tunnel: a connection whose own host is a proxy. */
#include "loopback.h"
#include "net/tls.h"

#include <skua/tls.h>

#define OK     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define OPENED "HTTP/1.1 200 Connection established\r\n\r\n"

static char dir[] = "/tmp/skua-test-tunnel-XXXXXX";
static skua_local_ca_files files;

static int make_authority(void **state) {
    (void)state;
    const char *const names[] = {"example.org", "proxy.example", NULL};
    if (!mkdtemp(dir))
        return -1;
    return skua_local_ca_ensure(SKUA_OPTS(skua_local_ca_opts, .dir = dir, .names = names), &files,
                                NULL);
}

static int remove_authority(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", dir);
    return system(command);
}

static void assert_begins(const char *text, const char *beginning) {
    char cut[1024];
    snprintf(cut, sizeof cut, "%.*s", (int)strlen(beginning), text);
    assert_string_equal(cut, beginning);
}

/* ---- what is asked, and of whom ---- */

static const step relay[] = {{EXPECT, "\r\n\r\n", 0},
                             {SEND, OPENED, 0},
                             {EXPECT, "\r\n\r\n", 0},
                             {SEND, OK, 0},
                             {END, NULL, 0}};

static script *through(const step *steps, const char *proxy, skua_conn_opts opts) {
    script *s = script_with(steps, proxy, opts, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "example.org", NULL, &s->err), 0);
    return s;
}

static void a10_set_tunnel_leads_through_the_proxy(void **state) {
    (void)state;
    script *s = through(relay, "http://proxy.example:3128", (skua_conn_opts){0});
    assert_int_equal(skua_conn_tunnel_status(s->conn), 0);
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    assert_string_equal(skua_response_url(r), "http://example.org/");
    skua_response_free(r);
    assert_string_equal(s->got, "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n"
                                "GET / HTTP/1.1\r\nHost: example.org\r\n"
                                "Accept-Encoding: identity\r\n\r\n");
    assert_int_equal(skua_conn_tunnel_status(s->conn), 200);
    script_free(s);
}

static void a10_where_a_tunnel_may_lead(void **state) {
    (void)state;
    static const struct {
        const char *conn, *where, *target;
    } cases[] = {
        {"http://proxy.example", "example.org", "example.org:80"},
        {"http://proxy.example", "example.org:", "example.org:80"},
        {"http://proxy.example", "EXAMPLE.org:81", "example.org:81"},
        {"http://proxy.example", "example.org:443", "example.org:443"},
        {"http://proxy.example", "[::1]", "[::1]:80"},
        {"proxy.example:3128", "[::1]:8080", "[::1]:8080"},
        {"http://[2001:db8::1]:3128", "192.0.2.1", "192.0.2.1:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script *s = script_with(relay, cases[i].conn, (skua_conn_opts){0}, 1 << 20);
        assert_int_equal(skua_conn_set_tunnel(s->conn, cases[i].where, NULL, &s->err), 0);
        assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
        char line[100];
        snprintf(line, sizeof line, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", cases[i].target,
                 cases[i].target);
        assert_string_equal(s->got, line);
        script_free(s);
    }
    static const char *const bad[] = {"",          "h:x",       "h:65536",  "::1",
                                      "a b",       "h/x",       "http://h", "u@h",
                                      "unix:/run", "h\r\nX: y", "[::1",     "example.org#"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        script *s = script_new(relay);
        if (skua_conn_set_tunnel(s->conn, bad[i], NULL, &s->err) != SKUA_E_INVALID_URL)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(script_get(s, "/"), 0); /* and all is as it was */
        script_listen(s);
        assert_begins(s->got, "GET / HTTP/1.1\r\nHost: example.org\r\n");
        script_free(s);
    }
}

static void a10_set_tunnel_is_refused_once_connected(void **state) {
    (void)state;
    script *s = script_new(relay);
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "other.example", NULL, &s->err),
                     SKUA_E_IMPROPER_CONNECTION_STATE);
    assert_string_equal(s->err.msg,
                        "state: example.org: connected already: a tunnel is set up before that");
    assert_int_equal(skua_conn_set_tunnel(s->conn, "other.example", NULL, NULL),
                     SKUA_E_IMPROPER_CONNECTION_STATE);
    script_free(s);
    assert_int_equal(skua_conn_set_tunnel(NULL, "h", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
}

static void a10_the_last_set_tunnel_counts(void **state) {
    (void)state;
    script *s = script_with(relay, "proxy.example", (skua_conn_opts){0}, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "first.example", NULL, &s->err), 0);
    assert_int_equal(skua_conn_set_tunnel(s->conn, NULL, NULL, &s->err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "example.org", NULL, &s->err), 0);
    skua_response_free(script_response(s));
    assert_begins(s->got, "CONNECT example.org:80 ");
    assert_null(strstr(s->got, "first"));
    script_free(s);
}

/* ---- fields ---- */

static void a10_own_fields_go_into_connect_alone(void **state) {
    (void)state;
    char value[] = "1";
    skua_field fields[] = {{"X-Proxy", value, 0}, {"Proxy-Authorization", "Basic eA==", 0}, {0}};
    script *s =
        script_with(relay, "proxy.example", (skua_conn_opts){.user_agent = "me/1"}, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "example.org", fields, &s->err), 0);
    value[0] = '2';
    memset(fields, 0, sizeof fields); /* they were copied */
    const skua_field own[] = {{"Authorization", "Bearer secret", 0}, {"Cookie", "a=b", 0}, {0}};
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", own, NULL, 0, &s->err), 0);
    script_listen(s);
    assert_string_equal(s->got, "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n"
                                "User-Agent: me/1\r\nX-Proxy: 1\r\n"
                                "Proxy-Authorization: Basic eA==\r\n\r\n"
                                "GET / HTTP/1.1\r\nHost: example.org\r\n"
                                "Accept-Encoding: identity\r\nUser-Agent: me/1\r\n"
                                "Authorization: Bearer secret\r\nCookie: a=b\r\n\r\n");
    script_free(s);
}

static void a10_credentials_for_the_proxy_do_not_reach_the_origin(void **state) {
    (void)state;
    const skua_field of_tunnel[] = {{"proxy-authorization", "Basic old", 0}, {0}};
    const skua_field of_request[] = {{"Proxy-Authorization", "Basic new", 0}, {"X", "y", 0}, {0}};
    script *s = script_with(relay, "proxy.example", (skua_conn_opts){0}, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "example.org", of_tunnel, &s->err), 0);
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", of_request, NULL, 0, &s->err), 0);
    script_listen(s);
    assert_string_equal(s->got, "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n"
                                "Proxy-Authorization: Basic new\r\n\r\n"
                                "GET / HTTP/1.1\r\nHost: example.org\r\n"
                                "Accept-Encoding: identity\r\nX: y\r\n\r\n");
    script_free(s);

    s = through(relay, "proxy.example", (skua_conn_opts){0});
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_int_equal(skua_conn_request(s->conn, "GET", "/", of_request, NULL, 0, &s->err), 0);
    script_listen(s);
    assert_null(strstr(s->got, "Basic"));
    script_free(s);
}

static void a10_fields_that_connect_cannot_carry(void **state) {
    (void)state;
    static const skua_field cases[] = {{"Content-Length", "1", 0},
                                       {"transfer-encoding", "chunked", 0},
                                       {"Connection", "x", 0},
                                       {"bad name", "x", 0},
                                       {"X", "a\r\nY: b", 0},
                                       {"X", NULL, 0},
                                       {"", "x", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const skua_field fields[] = {cases[i], {0}};
        script *s = script_new(relay);
        assert_int_equal(skua_conn_set_tunnel(s->conn, "h", fields, &s->err),
                         SKUA_E_INVALID_ARGUMENT);
        script_free(s);
    }
}

static char traced[4096];

static void trace(void *user, skua_trace_kind kind, const char *line, size_t len) {
    (void)user;
    size_t at = strlen(traced);
    snprintf(traced + at, sizeof traced - at, "%c %.*s\n", (char)kind, (int)len, line);
}

static void a11_the_trace_of_a_tunnel_masks_secrets(void **state) {
    (void)state;
    const skua_field fields[] = {{"Proxy-Authorization", "Basic pass", 0},
                                 {"X-Key", "pass", SKUA_FIELD_SECRET},
                                 {"X-Open", "open", 0},
                                 {0}};
    traced[0] = '\0';
    script *s = script_with(relay, "proxy.example", (skua_conn_opts){.trace = trace}, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "example.org", fields, &s->err), 0);
    assert_int_equal(skua_conn_connect(s->conn, &s->err), 0);
    assert_non_null(strstr(traced, "> CONNECT example.org:80 HTTP/1.1\n"));
    assert_non_null(strstr(traced, "> Proxy-Authorization: ***\n> X-Key: ***\n> X-Open: open\n"));
    assert_non_null(strstr(traced, "< HTTP/1.1 200 Connection established\n"));
    assert_null(strstr(traced, "pass"));
    script_free(s);
}

/* ---- what the proxy answers ---- */

static void a10_a_refusal_names_status_and_reason(void **state) {
    (void)state;
    static const step refused[] = {{EXPECT, "\r\n\r\n", 0},
                                   {SEND,
                                    "HTTP/1.1 407 Proxy Authentication Required\r\n"
                                    "Proxy-Authenticate: Basic realm=\"x\"\r\n"
                                    "Content-Length: 5\r\n\r\nsorry",
                                    0},
                                   {END, NULL, 0}};
    script *s = through(refused, "proxy.example:3128", (skua_conn_opts){0});
    assert_int_equal(script_get(s, "/"), SKUA_E_TUNNEL);
    assert_string_equal(s->err.msg,
                        "tunnel: proxy.example:3128: 407 Proxy Authentication Required");
    assert_int_equal(s->err.phase, SKUA_PHASE_TUNNEL);
    assert_string_equal(s->err.target, "example.org:80");
    assert_int_equal(s->err.retry_safe, 1);
    assert_null(strstr(s->got, "GET"));
    assert_int_equal(skua_conn_tunnel_status(s->conn), 407);
    size_t count = 0;
    const skua_field *f = skua_conn_tunnel_headers(s->conn, &count);
    assert_int_equal(count, 2);
    assert_string_equal(f[0].name, "Proxy-Authenticate");
    assert_string_equal(f[0].value, "Basic realm=\"x\"");
    assert_null(f[2].name);
    script_free(s);
    assert_int_equal(skua_conn_tunnel_status(NULL), 0);
    assert_null(skua_conn_tunnel_headers(NULL, &count)->name);
    assert_int_equal(count, 0);
}

static void a10_a_content_length_of_200_means_nothing(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\nVia: p\r\n\r\n", 0},
        {EXPECT, "\r\n\r\n", 0},
        {SEND, OK, 0},
        {END, NULL, 0}};
    script *s = through(steps, "proxy.example", (skua_conn_opts){0});
    skua_response *r = script_response(s);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_string_equal(skua_conn_tunnel_headers(s->conn, NULL)[1].value, "p");
    script_free(s);
}

static void a10_proxies_that_do_not_answer(void **state) {
    (void)state;
    static const step silent[] = {{END, NULL, 0}};
    static const step dripping[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, "HTTP/1.1 200 OK\r\nA", 0},
                                    {TICK, NULL, 4000},      {SEND, ": ", 0},
                                    {TICK, NULL, 4000},      {SEND, "b", 0},
                                    {TICK, NULL, 4000},      {SEND, "\r\n", 0},
                                    {TICK, NULL, 4000},      {SEND, "\r\n", 0},
                                    {END, NULL, 0}};
    static const step closing[] = {{EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}, {END, NULL, 0}};
    static const step resetting[] = {{EXPECT, "\r\n\r\n", 0}, {RESET, NULL, 0}, {END, NULL, 0}};
    static const step speaking[] = {
        {EXPECT, "\r\n\r\n", 0}, {SEND, "220 smtp\r\n", 0}, {END, NULL, 0}};
    static const struct {
        const step *steps;
        skua_conn_opts opts;
        const char *msg;
        int code;
    } cases[] = {
        {silent,
         {0},
         "tunnel: proxy.example:80: no answer to CONNECT within 10000 ms",
         SKUA_E_TIMEOUT},
        {silent,
         {.connect_timeout_ms = 70},
         "tunnel: proxy.example:80: no answer to CONNECT within 70 ms",
         SKUA_E_TIMEOUT},
        {silent,
         {.establish_timeout_ms = 60},
         "tunnel: proxy.example:80: no answer to CONNECT within 60 ms",
         SKUA_E_TIMEOUT},
        {silent,
         {.timeout_ms = 50},
         "tunnel: proxy.example:80: no answer to CONNECT within 50 ms",
         SKUA_E_TIMEOUT},
        {silent,
         {.deadline_ms = 40},
         "tunnel: proxy.example:80: no answer to CONNECT within 40 ms",
         SKUA_E_TIMEOUT},
        {dripping,
         {0},
         "tunnel: proxy.example:80: the answer to CONNECT was not complete within 10000 ms",
         SKUA_E_TIMEOUT},
        {closing,
         {0},
         "tunnel: proxy.example:80: closed without an answer to CONNECT",
         SKUA_E_REMOTE_DISCONNECTED},
        {resetting,
         {0},
         "tunnel: proxy.example:80: connection reset by peer",
         SKUA_E_CONNECTION_RESET},
        {speaking, {0}, NULL, SKUA_E_BAD_STATUS_LINE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        script *s = through(cases[i].steps, "proxy.example", cases[i].opts);
        assert_int_equal(script_get(s, "/"), cases[i].code);
        assert_int_equal(s->err.phase, SKUA_PHASE_TUNNEL);
        assert_int_equal(s->err.retry_safe, 1);
        if (cases[i].msg)
            assert_begins(s->err.msg, cases[i].msg);
        script_free(s);
    }
}

static void a10_a_huge_answer_is_cut_off(void **state) {
    (void)state;
    static char answer[40000];
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, answer, 0}, {END, NULL, 0}};
    char *p = stpcpy(answer, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1500; i++)
        p = stpcpy(p, "X-Y: 0123456789\r\n");
    strcpy(p, "\r\n");
    script *s = through(
        steps, "proxy.example",
        (skua_conn_opts){.head_max_bytes = 16384, .fields_max = 2000, .line_max_bytes = 1000});
    assert_int_equal(script_get(s, "/"), SKUA_E_HEAD_TOO_LARGE);
    assert_int_equal(s->err.phase, SKUA_PHASE_TUNNEL);
    script_free(s);
    s = through(steps, "proxy.example", (skua_conn_opts){0});
    assert_int_equal(script_get(s, "/"), SKUA_E_TOO_MANY_FIELDS);
    script_free(s);
}

/* ---- again ---- */

static void a10_connecting_again_asks_again(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){relay, relay, NULL});
    skua_error err;
    skua_conn *c = skua_conn_new(l->origin, NULL, &err);
    assert_int_equal(skua_conn_set_tunnel(c, "example.org:81", NULL, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(skua_conn_request(c, "GET", "/", NULL, NULL, 0, &err), 0);
        skua_response *r = skua_conn_getresponse(c, &err);
        assert_body(r, "ok");
        skua_response_free(r);
        skua_conn_close(c);
    }
    skua_conn_free(c);
    for (int i = 0; i < 2; i++)
        assert_begins(l->got[i], "CONNECT example.org:81 ");
    loopback_end(l);
}

/* ---- TLS ---- */

typedef struct secured {
    script *s;
    sk_tls_ctx *ctx;
    sk_tls_scratch *scratch[2];
    int layers;
} secured;

static secured *current;

/* The peer speaks TLS from here on. */
static void begin_tls(script *s) {
    skua_error err;
    sk_tls_scratch *scratch = current->scratch[current->layers++];
    s->far = sk_tls_server(current->ctx, s->far, scratch, &err);
    assert_non_null(s->far);
}

static void secure(secured *t, script *s) {
    skua_error err;
    *t = (secured){.s = s, .scratch = {sk_tls_scratch_new(), sk_tls_scratch_new()}};
    t->ctx = sk_tls_server_ctx(
        SKUA_OPTS(skua_tls_opts, .cert_file = files.cert_file, .key_file = files.key_file), &err);
    assert_non_null(t->ctx);
    s->call = begin_tls;
    current = t;
}

static void secure_at_once(secured *t, script *s) {
    secure(t, s);
    begin_tls(s);
}

static void end(secured *t) {
    script_free(t->s);
    sk_tls_ctx_unref(t->ctx);
    sk_tls_scratch_free(t->scratch[0]);
    sk_tls_scratch_free(t->scratch[1]);
}

static const step tls_within[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OPENED, 0}, {CALL, NULL, 0},
                                  {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0},     {END, NULL, 0}};

static void a10_tls_begins_within_the_tunnel(void **state) {
    (void)state;
    const skua_tls_opts tls = {.size = sizeof tls, .ca_file = files.ca_file};
    secured t;
    secure(&t, through(tls_within, "https://proxy.example:3128", (skua_conn_opts){.tls = &tls}));
    skua_response *r = script_response(t.s);
    assert_body(r, "ok");
    assert_string_equal(skua_response_url(r), "https://example.org/");
    skua_response_free(r);
    assert_begins(t.s->got, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n");
    skua_stream_info info = {.size = sizeof info};
    assert_int_equal(skua_conn_info(t.s->conn, &info), 0);
    assert_string_equal(info.tls_version, "TLSv1.3");
    end(&t);
}

static void a10_a_certificate_that_is_not_believed_names_the_origin(void **state) {
    (void)state;
    const skua_tls_opts tls = {.size = sizeof tls, .ca_file = files.ca_file};
    secured t;
    script *s =
        script_with(tls_within, "https://proxy.example", (skua_conn_opts){.tls = &tls}, 1 << 20);
    assert_int_equal(skua_conn_set_tunnel(s->conn, "other.example", NULL, &s->err), 0);
    secure(&t, s);
    assert_int_equal(script_get(s, "/"), SKUA_E_TLS_CERTIFICATE);
    assert_int_equal(strncmp(s->err.msg, "tls: other.example: ", 20), 0);
    assert_string_equal(s->err.target, "other.example:443");
    assert_int_equal(skua_conn_tunnel_status(s->conn), 200);
    end(&t);
}

static void a10_a_handshake_that_stands_still_within_the_tunnel(void **state) {
    (void)state;
    static const step still[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OPENED, 0}, {END, NULL, 0}};
    script *s = through(still, "https://proxy.example", (skua_conn_opts){0});
    assert_int_equal(script_get(s, "/"), SKUA_E_TIMEOUT);
    assert_string_equal(s->err.msg, "tls: example.org: handshake not complete within 10000 ms");
    script_free(s);
}

/* ---- the option proxy, over TLS ---- */

static const step tls_in_tls[] = {
    {EXPECT, "\r\n\r\n", 0}, {SEND, OPENED, 0},       {CALL, NULL, 0}, {EXPECT, "\r\n\r\n", 0},
    {SEND, OK, 0},           {EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0},   {END, NULL, 0}};

static void a10_tls_within_tls(void **state) {
    (void)state;
    const skua_tls_opts tls = {.size = sizeof tls, .ca_file = files.ca_file};
    secured t;
    skua_conn_opts o = {
        .tls = &tls, .proxy_tls = &tls, .proxy = "https://u:p%40s@proxy.example:3129"};
    secure_at_once(&t, script_with(tls_in_tls, "https://example.org", o, 1 << 20));
    for (int i = 0; i < 2; i++) {
        skua_response *r = script_response(t.s);
        assert_body(r, "ok");
        skua_response_free(r);
    }
    assert_begins(t.s->got, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n"
                            "Proxy-Authorization: Basic dTpwQHM=\r\n\r\n"
                            "GET / HTTP/1.1\r\nHost: example.org\r\nAccept-");
    assert_int_equal(skua_conn_tunnel_status(t.s->conn), 200);
    end(&t);
}

static void a10_a_proxy_that_is_not_believed_is_named(void **state) {
    (void)state;
    secured t;
    skua_conn_opts o = {.proxy = "https://proxy.example"};
    secure_at_once(&t, script_with(tls_in_tls, "https://example.org", o, 1 << 20));
    assert_int_equal(script_get(t.s, "/"), SKUA_E_TLS_CERTIFICATE);
    assert_int_equal(strncmp(t.s->err.msg, "tls: proxy proxy.example: ", 26), 0);
    assert_string_equal(t.s->err.target, "example.org:443");
    end(&t);
}

static void a10_a_proxys_handshake_that_stands_still(void **state) {
    (void)state;
    static const step still[] = {{END, NULL, 0}};
    script *s = script_with(still, "https://example.org",
                            (skua_conn_opts){.proxy = "https://proxy.example:1"}, 1 << 20);
    assert_int_equal(script_get(s, "/"), SKUA_E_TIMEOUT);
    assert_string_equal(s->err.msg,
                        "tls: proxy proxy.example: handshake not complete within 10000 ms");
    script_free(s);
}

static void a10_requests_to_a_proxy_that_speaks_tls(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};
    const skua_tls_opts tls = {.size = sizeof tls, .ca_file = files.ca_file};
    secured t;
    skua_conn_opts o = {.proxy = "https://proxy.example", .proxy_tls = &tls};
    secure_at_once(&t, script_with(steps, "http://example.org:8080", o, 1 << 20));
    skua_response *r = script_response(t.s);
    assert_body(r, "ok");
    skua_response_free(r);
    assert_begins(t.s->got, "GET http://example.org:8080/ HTTP/1.1\r\n");
    end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a10_set_tunnel_leads_through_the_proxy),
        cmocka_unit_test(a10_where_a_tunnel_may_lead),
        cmocka_unit_test(a10_set_tunnel_is_refused_once_connected),
        cmocka_unit_test(a10_the_last_set_tunnel_counts),
        cmocka_unit_test(a10_own_fields_go_into_connect_alone),
        cmocka_unit_test(a10_credentials_for_the_proxy_do_not_reach_the_origin),
        cmocka_unit_test(a10_fields_that_connect_cannot_carry),
        cmocka_unit_test(a11_the_trace_of_a_tunnel_masks_secrets),
        cmocka_unit_test(a10_a_refusal_names_status_and_reason),
        cmocka_unit_test(a10_a_content_length_of_200_means_nothing),
        cmocka_unit_test(a10_proxies_that_do_not_answer),
        cmocka_unit_test(a10_a_huge_answer_is_cut_off),
        cmocka_unit_test(a10_connecting_again_asks_again),
        cmocka_unit_test(a10_tls_begins_within_the_tunnel),
        cmocka_unit_test(a10_a_certificate_that_is_not_believed_names_the_origin),
        cmocka_unit_test(a10_a_handshake_that_stands_still_within_the_tunnel),
        cmocka_unit_test(a10_tls_within_tls),
        cmocka_unit_test(a10_a_proxy_that_is_not_believed_is_named),
        cmocka_unit_test(a10_a_proxys_handshake_that_stands_still),
        cmocka_unit_test(a10_requests_to_a_proxy_that_speaks_tls),
    };
    return cmocka_run_group_tests(tests, make_authority, remove_authority);
}
