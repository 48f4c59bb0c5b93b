/* client/proxy.c and client/proxy_env.c - what may be written where a proxy is named, and which one
 * the environment names. */
#include "client/proxy.h"
#include "client/proxy_env.h"
#include "script.h"

static void a10_forms_of_a_proxy(void **state) {
    (void)state;
    static const struct {
        const char *text, *host;
        int port;
        bool https;
        const char *authorization;
    } cases[] = {
        {"proxy.example", "proxy.example", 80, false, NULL},
        {"proxy.example:3128", "proxy.example", 3128, false, NULL},
        {"proxy.example:", "proxy.example", 80, false, NULL},
        {"http://Proxy.Example", "proxy.example", 80, false, NULL},
        {"HTTP://proxy.example:3128/", "proxy.example", 3128, false, NULL},
        {"https://proxy.example", "proxy.example", 443, true, NULL},
        {"https://proxy.example:8443", "proxy.example", 8443, true, NULL},
        {"[::1]:3128", "::1", 3128, false, NULL},
        {"http://[2001:db8::1]", "2001:db8::1", 80, false, NULL},
        {"192.0.2.1:8080", "192.0.2.1", 8080, false, NULL},
        {"user:pass@proxy.example:1", "proxy.example", 1, false, "Basic dXNlcjpwYXNz"},
        {"http://user@proxy.example", "proxy.example", 80, false, "Basic dXNlcjo="},
        {"http://user:@proxy.example", "proxy.example", 80, false, "Basic dXNlcjo="},
        {"http://@proxy.example", "proxy.example", 80, false, "Basic Og=="},
        {"http://u%40x:p%3a%2f@proxy.example", "proxy.example", 80, false, "Basic dUB4OnA6Lw=="},
        {"http://u:p:q@proxy.example", "proxy.example", 80, false, "Basic dTpwOnE="},
        {"https://u:%C3%BC@[::1]:2", "::1", 2, true, "Basic dTrDvA=="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sk_proxy p;
        skua_error err;
        if (sk_proxy_parse(&p, cases[i].text, &err) != 0)
            fail_msg("%s: %s", cases[i].text, err.msg);
        assert_string_equal(p.at.host, cases[i].host);
        assert_int_equal(p.at.port, cases[i].port);
        assert_int_equal(p.at.https, cases[i].https);
        assert_int_equal(!p.authorization, !cases[i].authorization);
        if (p.authorization)
            assert_string_equal(p.authorization, cases[i].authorization);
        sk_proxy_free(&p);
    }
}

static void a10_what_is_no_proxy_is_refused_at_once(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int code;
        const char *msg; /* NULL: any */
    } cases[] = {
        {"socks5://u:secret@proxy.example:1080", SKUA_E_UNSUPPORTED,
         "proxy: socks5 is not supported: http and https are"},
        {"socks4a://h", SKUA_E_UNSUPPORTED, "proxy: socks4a is not supported: http and https are"},
        {"ftp://h", SKUA_E_UNSUPPORTED, "proxy: ftp is not supported: http and https are"},
        {"http://", SKUA_E_INVALID_ARGUMENT, "proxy: the URL has no host"},
        {":3128", SKUA_E_INVALID_ARGUMENT, "proxy: the URL has no host"},
        {"http://u:secret@", SKUA_E_INVALID_ARGUMENT, "proxy: the URL has no host"},
        {"http://h/path", SKUA_E_INVALID_ARGUMENT, "proxy: its URL has a path"},
        {"http://h/?q", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://h#f", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:secret@h:x", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:secret@h:65536", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:secret@h h", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:%0d%0asecret@h", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:%00secret@h", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u%3ax:secret@h", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://u:%zzsecret@h", SKUA_E_INVALID_ARGUMENT, NULL},
        {"http://[::1", SKUA_E_INVALID_ARGUMENT, NULL},
        {"unix:/run/proxy", SKUA_E_INVALID_ARGUMENT, NULL},
        {"h\r\nX: y", SKUA_E_INVALID_ARGUMENT, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        skua_error err = {0};
        skua_conn *c = skua_conn_new("http://example.org",
                                     SKUA_OPTS(skua_conn_opts, .proxy = cases[i].text), &err);
        if (c)
            fail_msg("accepted: %s", cases[i].text);
        assert_int_equal(err.code, cases[i].code);
        assert_null(strstr(err.msg, "secret"));
        if (cases[i].msg)
            assert_string_equal(err.msg, cases[i].msg);
    }
}

/* ---- the environment ---- */

/* "name=value", NULL at the end. */
static const char *of_list(void *user, const char *name) {
    size_t len = strlen(name);
    for (const char *const *v = user; *v; v++) {
        if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
            return *v + len + 1;
    }
    return NULL;
}

static void a10_what_the_environment_says(void **state) {
    (void)state;
    static const struct {
        bool https;
        const char *env[6];
        const char *proxy; /* NULL: none */
        const char *rule;
    } cases[] = {
        {false, {NULL}, NULL, "neither http_proxy nor all_proxy is set"},
        {true, {NULL}, NULL, "neither https_proxy nor all_proxy is set"},
        {false, {"http_proxy=a"}, "a", "http_proxy is set"},
        {true, {"http_proxy=a"}, NULL, "neither https_proxy nor all_proxy is set"},
        {true, {"https_proxy=a"}, "a", "https_proxy is set"},
        {false, {"https_proxy=a"}, NULL, "neither http_proxy nor all_proxy is set"},
        {false, {"HTTP_PROXY=b"}, "b", "HTTP_PROXY is set"},
        {true, {"HTTPS_PROXY=b"}, "b", "HTTPS_PROXY is set"},
        {false, {"HTTP_PROXY=b", "http_proxy=a"}, "a", "http_proxy is set"},
        {false, {"http_proxy=", "HTTP_PROXY=b"}, "b", "HTTP_PROXY is set"},
        {true, {"all_proxy=c"}, "c", "all_proxy is set"},
        {false, {"ALL_PROXY=d"}, "d", "ALL_PROXY is set"},
        {false, {"ALL_PROXY=d", "all_proxy=c"}, "c", "all_proxy is set"},
        {false, {"ALL_PROXY=d", "HTTP_PROXY=b"}, "b", "HTTP_PROXY is set"},
        /* httpoxy */
        {false,
         {"HTTP_PROXY=evil", "REQUEST_METHOD=GET"},
         NULL,
         "neither http_proxy nor all_proxy is set; HTTP_PROXY is not believed beside "
         "REQUEST_METHOD: a request may have brought it"},
        {false, {"HTTP_PROXY=evil", "REQUEST_METHOD="}, NULL, NULL},
        {false, {"HTTP_PROXY=evil", "REQUEST_METHOD=GET", "all_proxy=c"}, "c", "all_proxy is set"},
        {false, {"http_proxy=a", "REQUEST_METHOD=GET"}, "a", "http_proxy is set"},
        {true, {"HTTPS_PROXY=b", "REQUEST_METHOD=GET"}, "b", "HTTPS_PROXY is set"},
        /* no_proxy */
        {false,
         {"http_proxy=a", "no_proxy=x, .example.org"},
         NULL,
         "the entry \".example.org\" of no_proxy covers www.example.org:80"},
        {false,
         {"http_proxy=a", "NO_PROXY=*"},
         NULL,
         "the entry \"*\" of NO_PROXY covers www.example.org:80"},
        {false, {"http_proxy=a", "no_proxy=other", "NO_PROXY=*"}, "a", "http_proxy is set"},
        {false, {"http_proxy=a", "no_proxy=", "NO_PROXY=*"}, NULL, NULL},
        {true, {"all_proxy=a", "no_proxy=example.org:443"}, NULL, NULL},
        {false, {"all_proxy=a", "no_proxy=example.org:443"}, "a", NULL},
        {false, {"no_proxy=*"}, NULL, "neither http_proxy nor all_proxy is set"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sk_proxy_query q = {cases[i].https, "www.example.org", cases[i].https ? 443 : 80};
        sk_proxy_choice c = sk_proxy_env_choose(&q, of_list, (void *)(uintptr_t)cases[i].env);
        if (!c.proxy != !cases[i].proxy)
            fail_msg("case %zu: %s (%s)", i, c.proxy ? c.proxy : "none", c.rule);
        if (c.proxy)
            assert_string_equal(c.proxy, cases[i].proxy);
        if (cases[i].rule)
            assert_string_equal(c.rule, cases[i].rule);
    }
}

static void clear_environment(void) {
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
}

static void a10_proxy_for_url(void **state) {
    (void)state;
    char proxy[64], rule[128], little[4] = "x";
    skua_error err;
    clear_environment();
    setenv("https_proxy", "http://u:p@proxy.example:3128", 1);
    setenv("no_proxy", "10.0.0.0/8", 1);
    assert_int_equal(
        skua_proxy_for_url("https://example.org/x", proxy, sizeof proxy, rule, sizeof rule, &err),
        0);
    assert_string_equal(proxy, "http://u:p@proxy.example:3128");
    assert_string_equal(rule, "https_proxy is set");
    assert_int_equal(
        skua_proxy_for_url("https://10.1.2.3/", proxy, sizeof proxy, rule, sizeof rule, &err), 0);
    assert_string_equal(proxy, "");
    assert_string_equal(rule, "the entry \"10.0.0.0/8\" of no_proxy covers 10.1.2.3:443");
    setenv("no_proxy", "::/0", 1);
    assert_int_equal(skua_proxy_for_url("https://[::1]:8443/", NULL, 0, rule, sizeof rule, &err),
                     0);
    assert_string_equal(rule, "the entry \"::/0\" of no_proxy covers [::1]:8443");
    assert_int_equal(skua_proxy_for_url("http://example.org", proxy, sizeof proxy, NULL, 0, &err),
                     0);
    assert_string_equal(proxy, "");
    assert_int_equal(
        skua_proxy_for_url("https://example.org", little, sizeof little, NULL, 0, &err),
        SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(little, "x");
    assert_int_equal(skua_proxy_for_url("https://example.org", NULL, 0, little, 2, &err), 0);
    assert_string_equal(little, "h");
    assert_int_equal(skua_proxy_for_url("ftp://x", proxy, sizeof proxy, NULL, 0, &err),
                     SKUA_E_INVALID_URL);
    assert_int_equal(skua_proxy_for_url(NULL, proxy, sizeof proxy, NULL, 0, NULL),
                     SKUA_E_INVALID_ARGUMENT);
    clear_environment();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a10_forms_of_a_proxy),
        cmocka_unit_test(a10_what_is_no_proxy_is_refused_at_once),
        cmocka_unit_test(a10_what_the_environment_says),
        cmocka_unit_test(a10_proxy_for_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
