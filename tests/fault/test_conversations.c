/* Our client and our server, while the stream of either end fails, or memory runs out: interim
 * responses and trailers, each content coding, event streams, uploads that wait for 100-continue,
 * forms with files, responses that are left unread. */
#include "../unit/entries.h"
#include "callbacks.h"
#include "joined.h"

#include <skua/multipart.h>
#include <skua/multipart_reader.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char upload_dir[64], upload_file[80];

static int begin(void **state) {
    (void)state;
    for (size_t i = 0; i < LARGE; i++)
        large[i] = (char)('a' + i % 26);
    snprintf(upload_dir, sizeof upload_dir, "/tmp/skua-conversations-XXXXXX");
    if (!mkdtemp(upload_dir))
        return -1;
    snprintf(upload_file, sizeof upload_file, "%s.txt", upload_dir);
    FILE *f = fopen(upload_file, "w");
    assert_non_null(f);
    fwrite(large, 1, LARGE, f);
    fclose(f);
    return 0;
}

static int end(void **state) {
    (void)state;
    return remove(upload_file) == 0 ? rmdir(upload_dir) : -1;
}

static int get(joined *j, const char *target, const skua_field *fields, skua_response **r) {
    int rc = skua_conn_request(j->conn, "GET", target, fields, NULL, 0, &j->err);
    *r = rc == 0 ? skua_conn_getresponse(j->conn, &j->err) : NULL;
    return *r ? 0 : j->err.code;
}

static bool is_refused(const joined *j, const skua_response *r) {
    return j->trouble && skua_response_status(r) >= 400;
}

/* ---- interim responses and trailers ---- */

static int hint(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    skua_reply_send_response(a, 103);
    skua_reply_send_header(a, "Link", "</style.css>; rel=preload");
    skua_reply_end_headers(a);
    skua_reply_send_response(a, 200);
    skua_reply_send_header(a, "Trailer", "X-Sum");
    skua_reply_end_headers(a);
    skua_reply_write(a, large, LARGE);
    return skua_reply_send_trailer(a, "X-Sum", "1");
}

static void prepare_hint(over_pair *p) {
    assert_int_equal(op_route(p, "GET /hint", hint, NULL), 0);
}

static void check_hints(const skua_response *r) {
    size_t count = 0;
    assert_int_equal(skua_response_informational(r, 0), 103);
    const skua_field *f = skua_response_informational_fields(r, 0, &count);
    assert_int_equal(count, 1);
    assert_string_equal(f->value, "</style.css>; rel=preload");
    f = skua_response_trailers(r, &count);
    assert_int_equal(count, 1);
    assert_string_equal(f->name, "X-Sum");
}

/* Read in pieces, so that it can be looked at afterwards. */
static int hear_hints(joined *j, skua_response *r) {
    char some[1000];
    size_t at = 0;
    ptrdiff_t n;
    while ((n = skua_response_read(r, some, sizeof some, &j->err)) > 0) {
        if (!is_refused(j, r))
            assert_memory_equal(some, large + at, (size_t)n);
        at += (size_t)n;
    }
    if (n == 0 && is_refused(j, r))
        return REFUSED;
    if (n == 0) {
        assert_int_equal(at, LARGE);
        check_hints(r);
    }
    return (int)n;
}

static int take_hints(joined *j) {
    skua_response *r;
    int rc = get(j, "/hint", NULL, &r);
    if (rc == 0)
        rc = hear_hints(j, r);
    skua_response_free(r);
    return rc;
}

/* ---- content codings ---- */

static int page(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    return skua_reply_bytes(a, 200, "text/plain", large, LARGE);
}

static void prepare_coded(over_pair *p) {
    make_compression(p);
    assert_int_equal(op_route(p, "GET /page", page, NULL), 0);
}

static int take_coded(joined *j, const char *coding) {
    const skua_field fields[] = {{"Accept-Encoding", coding, 0}, {0}};
    skua_response *r;
    int rc = get(j, "/page", fields, &r);
    return rc == 0 ? hear(j, r, large, LARGE) : rc;
}

static int take_gzip(joined *j) {
    return take_coded(j, "gzip");
}

static int take_br(joined *j) {
    return take_coded(j, "br");
}

static int take_zstd(joined *j) {
    return take_coded(j, "zstd");
}

/* ---- event streams ---- */

#define EVENTS "event: n\nid: 1\ndata: a\ndata: b\n\ndata: last\n\n"

static int tell(skua_request *q, skua_reply *a, void *user) {
    (void)q;
    (void)user;
    int rc = skua_reply_events(a, 0);
    if (rc != 0)
        return rc;
    skua_reply_event(a, SKUA_OPTS(skua_event, .name = "n", .id = "1", .data = "a\nb"));
    skua_reply_event(a, SKUA_OPTS(skua_event, .data = "last"));
    skua_reply_finish(a);
    return 0;
}

static void prepare_events(over_pair *p) {
    assert_int_equal(op_route(p, "GET /events", tell, NULL), 0);
}

static int take_events(joined *j) {
    skua_response *r;
    char got[500] = "";
    size_t at = 0;
    ptrdiff_t n = get(j, "/events", NULL, &r);
    while (n >= 0 && (n = skua_response_readline(r, got + at, sizeof got - at, &j->err)) > 0)
        at += (size_t)n;
    if (n == 0 && is_refused(j, r))
        n = REFUSED;
    else if (n == 0)
        assert_string_equal(got, EVENTS);
    skua_response_free(r);
    return (int)n;
}

/* ---- uploads ---- */

static size_t taken; /* bytes */

static int on_body(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    skua_reply *a = user;
    (void)q;
    if (len > 0) {
        assert_memory_equal(data, large + taken, (size_t)len);
        taken += (size_t)len;
        return 0;
    }
    if (len == 0 && taken == LARGE)
        skua_reply_text(a, 200, "taken");
    skua_reply_finish(a);
    return 0;
}

static int take_upload(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    taken = 0;
    return skua_request_on_body(q, on_body, a);
}

static void prepare_upload(over_pair *p) {
    const char *what;
    const sk_route r = {.fn = take_upload, .stream_body = true};
    assert_int_equal(sk_router_add(p->router, "PUT /upload", &r, &what), 0);
}

static int upload(joined *j) {
    const skua_field fields[] = {{"Expect", "100-continue", 0}, {0}};
    const skua_body body = {
        .size = sizeof body, .kind = SKUA_BODY_BYTES, .data = large, .len = LARGE};
    int rc = skua_conn_request_body(j->conn, "PUT", "/upload", fields, &body, &j->err);
    return hear(j, rc == 0 ? skua_conn_getresponse(j->conn, &j->err) : NULL, "taken", 5);
}

/* ---- forms with files ---- */

static int saved(const skua_part *part, const char *file, int64_t size, void *user) {
    char path[200];
    (void)user;
    assert_string_equal(part->filename, strrchr(upload_file, '/') + 1);
    assert_int_equal(size, LARGE);
    snprintf(path, sizeof path, "%s/%s", upload_dir, file);
    return remove(path);
}

static int take_form(skua_request *q, skua_reply *a, void *user) {
    skua_error err = {0};
    (void)user;
    int rc = skua_request_multipart(
        q, SKUA_OPTS(skua_multipart_opts, .dir = upload_dir, .file = saved), &err);
    return rc == 0 ? skua_reply_text(a, 200, "taken") : rc;
}

static void prepare_form(over_pair *p) {
    assert_int_equal(op_route(p, "POST /form", take_form, NULL), 0);
}

/* No file is left, neither of the form's nor of the server's. */
static void look_after_form(void) {
    assert_int_equal(entries_of(upload_dir), 0);
}

static int send_form(joined *j) {
    skua_multipart *m = skua_multipart_new(&j->err);
    skua_multipart_add(m, "title", "a title");
    skua_multipart_add_file(m, "f", upload_file, NULL, NULL);
    skua_body body;
    if (!m || skua_multipart_body(m, &body, &j->err) != 0) {
        skua_multipart_free(m);
        return j->err.code;
    }
    const skua_field fields[] = {{"Content-Type", skua_multipart_content_type(m), 0}, {0}};
    int rc = skua_conn_request_body(j->conn, "POST", "/form", fields, &body, &j->err);
    rc = hear(j, rc == 0 ? skua_conn_getresponse(j->conn, &j->err) : NULL, "taken", 5);
    skua_multipart_free(m);
    return rc;
}

/* ---- what is left unread ---- */

static int leave_and_ask_again(joined *j) {
    skua_response *r;
    int rc = get(j, "/page", NULL, &r);
    skua_response_free(r);
    if (rc != 0)
        return rc;
    rc = get(j, "/page", NULL, &r);
    return rc == 0 ? hear(j, r, large, LARGE) : rc;
}

static void prepare_page(over_pair *p) {
    assert_int_equal(op_route(p, "GET /page", page, NULL), 0);
}

/* ---- all of them ---- */

static const conversation conversations[] = {
    {.name = "hints", .prepare = prepare_hint, .say = take_hints},
#if SK_HAVE_ZLIB
    {.name = "gzip",
     .prepare = prepare_coded,
     .say = take_gzip,
     .undo = drop_callbacks,
     .decode = 1},
#endif
#if SK_HAVE_BROTLI && SK_HAVE_BROTLIENC
    {.name = "br", .prepare = prepare_coded, .say = take_br, .undo = drop_callbacks, .decode = 1},
#endif
#if SK_HAVE_ZSTD
    {.name = "zstd",
     .prepare = prepare_coded,
     .say = take_zstd,
     .undo = drop_callbacks,
     .decode = 1},
#endif
    {.name = "events", .prepare = prepare_events, .say = take_events},
    {.name = "upload", .prepare = prepare_upload, .say = upload},
    {.name = "form", .prepare = prepare_form, .say = send_form, .undo = look_after_form},
    {.name = "unread", .prepare = prepare_page, .say = leave_and_ask_again},
};

static void memory_runs_out(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(conversations); i++)
        run_out_of_memory(&conversations[i]);
}

static void each_fault_in_turn(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(conversations); i++)
        meet_all(&conversations[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(each_fault_in_turn),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
