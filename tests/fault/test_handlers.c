/* Handlers of each kind but the pool's, which are in test_pool.c: deferred replies,
 * bodies that are taken and given piece by piece, event streams, forms of several parts, hooks,
 * error pages, compression; with each fault in turn. */
#include "callbacks.h"
#include "matrix.h"

#include <skua/multipart_reader.h>
#include <skua/server.h>

#define HOST "Host: h\r\n"

/* What a handler leaves for later. */
static skua_reply *waiting;

/* ---- deferred ---- */

static int defer(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_defer(a);
    waiting = rc == 0 ? a : NULL;
    return rc;
}

static void finish_later(over_pair *p) {
    skua_reply *a = waiting;
    (void)p;
    waiting = NULL;
    if (!a)
        return;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "X-Late", "1");
    skua_reply_end_headers(a);
    skua_reply_write(a, "late", 4);
    skua_reply_finish(a);
}

static void prepare_deferred(over_pair *p) {
    assert_int_equal(op_route(p, "GET /later", defer, NULL), 0);
}

static void deferred_replies(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /later HTTP/1.1\r\n" HOST "\r\n",
        "GET /later HTTP/1.1\r\n" HOST "\r\nGET /nix HTTP/1.1\r\n" HOST "\r\n",
        NULL,
    };
    static const int statuses[] = {200, 200, 404, 0};
    matrix_run(&(matrix){.prepare = prepare_deferred,
                         .later = finish_later,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- bodies that are taken as they come ---- */

static int on_body(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    skua_reply *a = user;
    (void)q;
    (void)data;
    if (len <= 0) { /* its end, or that there will be none */
        skua_reply_text(a, 200, "taken");
        skua_reply_finish(a);
    }
    return 0;
}

static int take(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    return skua_request_on_body(q, on_body, a);
}

static void prepare_streamed(over_pair *p) {
    const char *what;
    assert_int_equal(
        sk_router_add(p->router, "POST /take", &(sk_route){.fn = take, .stream_body = true}, &what),
        0);
}

static void bodies_taken_as_they_come(void **state) {
    (void)state;
    static const char *const requests[] = {
        "POST /take HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n12345",
        "67890",
        "POST /take HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
        "4\r\nabcd\r\n",
        "0\r\nX: y\r\n\r\n",
        NULL,
    };
    static const int statuses[] = {200, 100, 200, 0};
    matrix_run(&(matrix){.prepare = prepare_streamed, .requests = requests, .statuses = statuses});
}

/* ---- bodies that a function gives ---- */

typedef struct spring {
    int given;
    bool was_dry;
} spring;

static spring springs[8];
static size_t springs_open;
static skua_reply *dry;

static ptrdiff_t give(void *buf, size_t cap, void *user) {
    spring *s = user;
    if (s->given == 1 && !s->was_dry) {
        s->was_dry = true;
        return SKUA_E_AGAIN;
    }
    size_t n = cap < 3000 ? cap : 3000;
    memset(buf, 'g', n);
    return s->given++ < 4 ? (ptrdiff_t)n : 0;
}

static void done(void *user) {
    (void)user;
    assert_true(springs_open > 0);
    springs_open--;
    dry = NULL;
}

static int spout(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    spring *s = &springs[springs_open];
    (void)user;
    *s = (spring){0};
    skua_reply_send_response(a, 200);
    skua_reply_end_headers(a);
    int rc = skua_reply_stream(a, give, done, s);
    if (rc == 0) {
        springs_open++;
        dry = a;
    }
    return rc;
}

static void resume_later(over_pair *p) {
    (void)p;
    if (dry)
        skua_reply_resume(dry);
}

static void prepare_given(over_pair *p) {
    assert_int_equal(springs_open, 0);
    assert_int_equal(op_route(p, "GET /spout", spout, NULL), 0);
}

static void bodies_given_by_a_function(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /spout HTTP/1.1\r\n" HOST "\r\n",
        "HEAD /spout HTTP/1.1\r\n" HOST "\r\n",
        "GET /spout HTTP/1.1\r\n" HOST "\r\n",
        NULL,
    };
    static const int statuses[] = {200, 200, 200, 0};
    matrix_run(&(matrix){.prepare = prepare_given,
                         .later = resume_later,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- event streams ---- */

static int tell(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_events(a, 0);
    if (rc != 0)
        return rc;
    skua_reply_event(a, SKUA_OPTS(skua_event, .name = "n", .id = "1", .data = "a\nb"));
    waiting = a;
    return 0;
}

static void tell_more(over_pair *p) {
    skua_reply *a = waiting;
    (void)p;
    waiting = NULL;
    if (!a)
        return;
    skua_reply_event(a, SKUA_OPTS(skua_event, .data = "more", .retry_ms = 1000));
    skua_reply_finish(a);
}

static void prepare_events(over_pair *p) {
    assert_int_equal(op_route(p, "GET /events", tell, NULL), 0);
}

static void event_streams(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /events HTTP/1.1\r\n" HOST "\r\n",
        "GET /nix HTTP/1.1\r\n" HOST "\r\n",
        NULL,
    };
    static const int statuses[] = {200, 404, 0};
    matrix_run(&(matrix){
        .prepare = prepare_events, .later = tell_more, .requests = requests, .statuses = statuses});
}

/* ---- what stands around handlers, and forms ---- */

static int before(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    const char *cookie = skua_request_cookie(q, "c");
    return cookie && strcmp(cookie, "no") == 0 ? skua_reply_send_error(a, 403, "no") : 0;
}

static int after(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_send_header(a, "X-After", "1");
}

static int error_page(skua_request *q, skua_reply *a, int status, const char *explain, void *user) {
    (void)q;
    (void)user;
    return skua_reply_text(a, status, "page %s", explain ? explain : "");
}

/* Memory that was short is no form's fault, and is said so. */
static int form(skua_request *q, skua_reply *a, void *user) {
    skua_error err = {0};
    const skua_form *f = skua_request_form(q, &err);
    const char *in_query = skua_request_query_param(q, "q");
    (void)user;
    if (!f && err.code == SKUA_E_NOMEM)
        return err.code;
    int rc = skua_reply_set_cookie(a, SKUA_OPTS(skua_cookie, .name = "c", .value = "v"));
    if (rc != 0)
        return rc;
    return skua_reply_text(a, f ? 200 : 400, "%s", in_query ? in_query : "");
}

static void prepare_hooked(over_pair *p) {
    make_callbacks(p);
    callbacks->error_page = error_page;
    assert_int_equal(sk_hooks_add(callbacks, &callbacks->before, "/", &(sk_hook){.fn = before}), 0);
    assert_int_equal(sk_hooks_add(callbacks, &callbacks->after, "/", &(sk_hook){.fn = after}), 0);
    assert_int_equal(op_route(p, "POST /form", form, NULL), 0);
}

static void hooks_pages_and_forms(void **state) {
    (void)state;
    static const char *const requests[] = {
        "POST /form?q=1 HTTP/1.1\r\n" HOST
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\na=1&b=2",
        "GET /form HTTP/1.1\r\n" HOST "Cookie: c=no\r\n\r\nGET /form HTTP/1.1\r\n" HOST "\r\n",
        "GET /nix HTTP/1.1\r\n" HOST "\r\n",
        NULL,
    };
    static const int statuses[] = {200, 403, 405, 404, 0};
    matrix_run(&(matrix){.prepare = prepare_hooked,
                         .undo = drop_callbacks,
                         .requests = requests,
                         .statuses = statuses});
}

/* ---- compression ---- */

static char page[3000];

static int whole(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", page, sizeof page);
}

static int steps(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Content-Type", "text/plain");
    skua_reply_end_headers(a);
    skua_reply_write(a, page, sizeof page);
    return skua_reply_write(a, page, sizeof page);
}

static void prepare_compressed(over_pair *p) {
    make_compression(p);
    memset(page, 'a', sizeof page);
    assert_int_equal(op_route(p, "GET /whole", whole, NULL), 0);
    assert_int_equal(op_route(p, "GET /steps", steps, NULL), 0);
}

static void compressed_replies(void **state) {
    (void)state;
    static const char *const requests[] = {
        "GET /whole HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        "GET /steps HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        "HEAD /steps HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n\r\n",
        NULL,
    };
    static const int statuses[] = {200, 200, 200, 0};
    matrix_run(&(matrix){.prepare = prepare_compressed,
                         .undo = drop_callbacks,
                         .requests = requests,
                         .statuses = statuses});
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_replies),           cmocka_unit_test(bodies_taken_as_they_come),
        cmocka_unit_test(bodies_given_by_a_function), cmocka_unit_test(event_streams),
        cmocka_unit_test(hooks_pages_and_forms),      cmocka_unit_test(compressed_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
