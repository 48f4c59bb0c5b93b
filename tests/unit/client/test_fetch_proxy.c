/* client/fetch.c - redirects through proxies, and the list of them. */
#include "loopback.h"

#include <skua/client.h>

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const step one[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, OK, 0}, {END, NULL, 0}};

static skua_client *client_of(skua_conn_opts conn) {
    skua_error err;
    conn.size = sizeof conn;
    skua_client *c = skua_client_new(SKUA_OPTS(skua_client_opts, .conn = &conn), &err);
    if (!c)
        fail_msg("%s", err.msg);
    return c;
}

static skua_response *fetched(skua_client *c, const char *url, const skua_field *fields) {
    skua_error err;
    skua_response *r = skua_fetch(c, SKUA_OPTS(skua_call, .url = url, .fields = fields), &err);
    if (!r)
        fail_msg("%s", err.msg);
    assert_body(r, "ok");
    return r;
}

static void a10_redirects_through_one_proxy_share_its_connection(void **state) {
    (void)state;
    static const step steps[] = {
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 302 F\r\nLocation: http://b.example:81/x\r\nContent-Length: 0\r\n\r\n", 0},
        {EXPECT, "\r\n\r\n", 0},
        {SEND, "HTTP/1.1 307 F\r\nLocation: http://c.example/\r\nContent-Length: 0\r\n\r\n", 0},
        {EXPECT, "\r\n\r\n", 0},
        {SEND, OK, 0},
        {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){steps, NULL});
    char proxy[100];
    snprintf(proxy, sizeof proxy, "http://u:p@127.0.0.1:%d", l->port);
    skua_client *c = client_of((skua_conn_opts){.proxy = proxy});
    const skua_field fields[] = {{"Authorization", "Bearer secret", 0}, {0}};
    skua_response *r = fetched(c, "http://a.example/", fields);
    assert_string_equal(skua_response_url(r), "http://c.example/");
    size_t count;
    const skua_hop *hops = skua_response_hops(r, &count);
    assert_int_equal(count, 2);
    assert_int_equal(hops[0].status, 302);
    assert_string_equal(hops[0].url, "http://a.example/");
    assert_int_equal(hops[1].status, 307);
    assert_string_equal(hops[1].url, "http://b.example:81/x");
    assert_null(hops[2].url);
    skua_response_free(r);
    const char *second = strstr(l->got[0], "GET http://b.example:81/x HTTP/1.1\r\n"
                                           "Host: b.example:81\r\n");
    const char *third = strstr(l->got[0], "GET http://c.example/ HTTP/1.1\r\nHost: c.example\r\n");
    assert_non_null(second);
    assert_non_null(third);
    assert_non_null(strstr(third, "Proxy-Authorization: Basic dTpw\r\n"));
    assert_null(strstr(second, "secret"));
    skua_client_free(c);
    loopback_end(l);
}

static void a10_hops_of_a_response_without_any(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){one, NULL});
    skua_response *r = fetched(NULL, l->origin, NULL);
    size_t count = 9;
    assert_null(skua_response_hops(r, &count)->url);
    assert_int_equal(count, 0);
    assert_null(skua_response_hops(NULL, NULL)->url);
    skua_response_free(r);
    loopback_end(l);
}

/* More than there is room for at first. */
static void a10_many_hops(void **state) {
    (void)state;
    static step steps[2 * 10 + 3];
    for (int i = 0; i < 10; i++) {
        steps[2 * i] = (step){EXPECT, "\r\n\r\n", 0};
        steps[2 * i + 1] =
            (step){SEND, "HTTP/1.1 301 M\r\nLocation: x\r\nContent-Length: 0\r\n\r\n", 0};
    }
    memcpy(steps + 20, one, sizeof one);
    loopback *l = loopback_start((const step *const[]){steps, NULL});
    skua_response *r = fetched(NULL, l->origin, NULL);
    size_t count;
    const skua_hop *hops = skua_response_hops(r, &count);
    assert_int_equal(count, 10);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(hops[i].status, 301);
    assert_null(hops[10].url);
    skua_response_free(r);
    loopback_end(l);
}

/* From an origin that the environment sends through a proxy to one that it does not. */
static void a10_nothing_that_is_for_a_proxy_goes_straight(void **state) {
    (void)state;
    static char away[200];
    static step redirect[] = {{EXPECT, "\r\n\r\n", 0}, {SEND, away, 0}, {END, NULL, 0}};
    loopback *origin = loopback_start((const step *const[]){one, one, NULL});
    loopback *proxy = loopback_start((const step *const[]){redirect, NULL});
    char url[100];
    snprintf(away, sizeof away, "HTTP/1.1 302 F\r\nLocation: %s/\r\nContent-Length: 0\r\n\r\n",
             origin->origin);
    snprintf(url, sizeof url, "http://u:p@127.0.0.1:%d", proxy->port);
    setenv("http_proxy", url, 1);
    setenv("no_proxy", "127.0.0.1", 1);
    const skua_field of_proxy[] = {{"X-Proxy", "secret", 0}, {0}};
    const skua_field own[] = {{"Proxy-Authorization", "Basic secret", 0}, {"X-Own", "1", 0}, {0}};
    skua_client *c = client_of((skua_conn_opts){.proxy_from_env = 1, .proxy_fields = of_proxy});
    skua_response_free(fetched(c, "http://a.invalid/", own));
    skua_response_free(fetched(c, origin->origin, own));
    skua_client_free(c);
    unsetenv("http_proxy");
    unsetenv("no_proxy");
    assert_non_null(strstr(proxy->got[0], "Proxy-Authorization: Basic secret\r\n"));
    assert_non_null(strstr(proxy->got[0], "X-Proxy: secret\r\n"));
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(origin->got[i], "GET / HTTP/1.1\r\n", 16);
        assert_non_null(strstr(origin->got[i], "X-Own: 1\r\n"));
        assert_null(strstr(origin->got[i], "secret"));
        assert_null(strstr(origin->got[i], "dTpw"));
    }
    loopback_end(proxy);
    loopback_end(origin);
}

static void a10_user_information_is_refused_with_advice(void **state) {
    (void)state;
    skua_error err;
    assert_null(skua_get(NULL, "http://u:p@example.org/", &err));
    assert_int_equal(err.code, SKUA_E_INVALID_URL);
    assert_non_null(strstr(err.msg, "skua_auth_basic"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a10_redirects_through_one_proxy_share_its_connection),
        cmocka_unit_test(a10_hops_of_a_response_without_any),
        cmocka_unit_test(a10_many_hops),
        cmocka_unit_test(a10_nothing_that_is_for_a_proxy_goes_straight),
        cmocka_unit_test(a10_user_information_is_refused_with_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
