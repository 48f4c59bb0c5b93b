/* client/multipart: what a form with files is on the wire, read in any pieces and more than once.
 */
#include "loopback.h"

#include <skua/multipart.h>

static char base[] = "/tmp/skua-multipart-XXXXXX";

static const char *path_of(const char *name) {
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", base, name);
    return path;
}

static const char *make_file(const char *name, const char *content, size_t len) {
    FILE *f = fopen(path_of(name), "w");
    assert_non_null(f);
    assert_int_equal(fwrite(content, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    return path_of(name);
}

static skua_multipart *make(void) {
    skua_error err;
    skua_multipart *m = skua_multipart_new(&err);
    if (!m)
        fail_msg("%s", err.msg);
    return m;
}

static const char *boundary_of(const skua_multipart *m) {
    return strchr(skua_multipart_content_type(m), '=') + 1;
}

/* Read all of a body, cap bytes at a time. */
static size_t drain(const skua_body *body, size_t cap, char *out, size_t room) {
    size_t done = 0;
    for (;;) {
        assert_true(done < room);
        ptrdiff_t n = body->read(out + done, cap < room - done ? cap : room - done, body->user);
        assert_true(n >= 0);
        if (n == 0)
            return done;
        done += (size_t)n;
    }
}

/* `expected` has B where the boundary is. */
static void check(skua_multipart *m, const char *expected) {
    char wanted[4096] = "", got[4096];
    size_t len = 0;
    for (const char *p = expected; *p; p++)
        len += (size_t)snprintf(wanted + len, sizeof wanted - len, *p == 'B' ? "%s" : "%.1s",
                                *p == 'B' ? boundary_of(m) : p);
    skua_body body;
    skua_error err;
    if (skua_multipart_body(m, &body, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(body.size, sizeof body);
    assert_int_equal(body.kind, SKUA_BODY_CALLBACK);
    assert_int_equal(body.len, len);
    for (size_t cap = 1; cap <= len + 1; cap += cap < 40 ? 1 : 97) {
        assert_int_equal(drain(&body, cap, got, sizeof got), len);
        assert_memory_equal(got, wanted, len);
        assert_int_equal(body.rewind(body.user), 0);
    }
}

static void parts_of_every_kind(void **state) {
    (void)state;
    skua_multipart *m = make();
    assert_int_equal(skua_multipart_add(m, "title", "Cliffs & sea"), 0);
    assert_int_equal(skua_multipart_add(m, "none", ""), 0);
    assert_int_equal(skua_multipart_add_bytes(m, "json", NULL, "application/json", "{}", 2), 0);
    assert_int_equal(skua_multipart_add_bytes(m, "data", "a.bin", NULL, "x\r\ny", 4), 0);
    assert_int_equal(skua_multipart_add_bytes(m, "empty", "", NULL, NULL, 0), 0);
    make_file("photo.jpg", "jpeg", 4);
    assert_int_equal(skua_multipart_add_file(m, "photo", path_of("photo.jpg"), NULL, "image/jpeg"),
                     0);
    make_file("void", "", 0);
    assert_int_equal(skua_multipart_add_file(m, "void", path_of("void"), "as", NULL), 0);
    assert_int_equal(skua_multipart_add(m, "last", "1"), 0);
    check(m, "--B\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nCliffs & sea\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"none\"\r\n\r\n\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"json\"\r\n"
             "Content-Type: application/json\r\n\r\n{}\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"a.bin\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\nx\r\ny\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"empty\"; filename=\"\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\n\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"photo.jpg\"\r\n"
             "Content-Type: image/jpeg\r\n\r\njpeg\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"void\"; filename=\"as\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\n\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"last\"\r\n\r\n1\r\n"
             "--B--\r\n");
    skua_multipart_free(m);
}

static void no_parts(void **state) {
    (void)state;
    skua_multipart *m = make();
    check(m, "--B--\r\n");
    skua_multipart_free(m);
}

static void only_a_file(void **state) {
    (void)state;
    skua_multipart *m = make();
    make_file("one", "content", 7);
    assert_int_equal(skua_multipart_add_file(m, "f", path_of("one"), NULL, NULL), 0);
    check(m, "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"one\"\r\n"
             "Content-Type: application/octet-stream\r\n\r\ncontent\r\n--B--\r\n");
    skua_multipart_free(m);
}

static void a_boundary_for_each(void **state) {
    (void)state;
    skua_multipart *a = make(), *b = make();
    assert_memory_equal(skua_multipart_content_type(a), "multipart/form-data; boundary=skua-", 35);
    assert_int_equal(strlen(boundary_of(a)), 5 + 32); /* RFC 2046 5.1.1: at most 70 */
    assert_string_not_equal(boundary_of(a), boundary_of(b));
    skua_multipart_free(a);
    skua_multipart_free(b);
}

/* What browsers write, so that no name ends its quotes or begins a field. */
static void names_are_escaped_as_browsers_do(void **state) {
    (void)state;
    skua_multipart *m = make();
    assert_int_equal(
        skua_multipart_add_bytes(m, "a\"\r\nX: y", "\"b\\c%22\xc3\xa9;\"", "t/t", "", 0), 0);
    check(m, "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0AX: y\"; "
             "filename=\"%22b\\c%22\xc3\xa9;%22\"\r\nContent-Type: t/t\r\n\r\n\r\n--B--\r\n");
    skua_multipart_free(m);
}

static void a_type_cannot_begin_a_field(void **state) {
    (void)state;
    static const char *const types[] = {"", "a/b\r\nX: y", "a/b\n", "a\x01"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        skua_multipart *m = make();
        skua_error err;
        skua_body body = {.len = 42};
        assert_int_equal(skua_multipart_add_bytes(m, "n", NULL, types[i], "", 0),
                         SKUA_E_INVALID_ARGUMENT);
        assert_int_equal(skua_multipart_body(m, &body, &err), SKUA_E_INVALID_ARGUMENT);
        assert_string_equal(err.msg,
                            "multipart: the type of \"n\" is empty or holds a control character");
        assert_int_equal(body.len, 42);
        skua_multipart_free(m);
    }
}

static void what_failed_is_kept(void **state) {
    (void)state;
    skua_multipart *m = make();
    skua_body body;
    skua_error err;
    char expected[256];
    assert_int_equal(skua_multipart_add(m, "a", "1"), 0);
    assert_int_equal(skua_multipart_add_file(m, "f", path_of("absent"), NULL, NULL),
                     SKUA_E_FILE_NOT_FOUND);
    assert_int_equal(skua_multipart_add(m, "b", "2"), SKUA_E_FILE_NOT_FOUND);
    assert_int_equal(skua_multipart_add(m, NULL, "2"), SKUA_E_FILE_NOT_FOUND);
    assert_int_equal(skua_multipart_body(m, &body, &err), SKUA_E_FILE_NOT_FOUND);
    snprintf(expected, sizeof expected, "multipart: \"%s\": No such file or directory",
             path_of("absent"));
    assert_string_equal(err.msg, expected);
    assert_string_equal(err.target, path_of("absent"));
    assert_int_equal(skua_multipart_body(m, &body, NULL), SKUA_E_FILE_NOT_FOUND);
    skua_multipart_free(m);
}

static void what_cannot_be_a_part(void **state) {
    (void)state;
    static const struct {
        const char *name, *path;
        int code;
    } files[] = {
        {NULL, "/dev/null", SKUA_E_INVALID_ARGUMENT},
        {"f", NULL, SKUA_E_INVALID_ARGUMENT},
        {"f", "/dev/null", SKUA_E_UNSUPPORTED},
        {"f", "/tmp", SKUA_E_UNSUPPORTED},
        {"f", "/dev/null/x", SKUA_E_OS},
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        skua_multipart *m = make();
        assert_int_equal(skua_multipart_add_file(m, files[i].name, files[i].path, NULL, NULL),
                         files[i].code);
        skua_multipart_free(m);
    }
    skua_multipart *m = make();
    assert_int_equal(skua_multipart_add(m, "n", NULL), SKUA_E_INVALID_ARGUMENT);
    skua_multipart_free(m);
    m = make();
    assert_int_equal(skua_multipart_add_bytes(m, "n", NULL, NULL, NULL, 1),
                     SKUA_E_INVALID_ARGUMENT);
    skua_multipart_free(m);
}

static void nothing_is_added_to_a_body_that_was_taken(void **state) {
    (void)state;
    skua_multipart *m = make();
    skua_body body;
    assert_int_equal(skua_multipart_body(m, &body, NULL), 0);
    assert_int_equal(skua_multipart_add(m, "a", "1"), SKUA_E_STATE);
    assert_int_equal(skua_multipart_add_file(m, "a", "/dev/null", NULL, NULL), SKUA_E_STATE);
    check(m, "--B--\r\n");
    skua_multipart_free(m);
}

static skua_multipart *with_file(const char *content, skua_body *body) {
    skua_multipart *m = make();
    make_file("changing", content, strlen(content));
    assert_int_equal(skua_multipart_add_file(m, "f", path_of("changing"), NULL, NULL), 0);
    assert_int_equal(skua_multipart_add(m, "behind", "1"), 0);
    assert_int_equal(skua_multipart_body(m, body, NULL), 0);
    return m;
}

static void of_a_file_that_grows_what_was_announced_is_sent(void **state) {
    (void)state;
    skua_body body;
    char got[4096];
    skua_multipart *m = with_file("12345", &body);
    make_file("changing", "123456789", 9);
    size_t n = drain(&body, 100, got, sizeof got);
    assert_int_equal(n, body.len);
    got[n] = '\0';
    assert_non_null(strstr(got, "\r\n\r\n12345\r\n--"));
    skua_multipart_free(m);
}

static void a_file_that_shrinks_ends_the_body(void **state) {
    (void)state;
    skua_body body;
    char got[4096];
    skua_multipart *m = with_file("123456789", &body);
    make_file("changing", "12345", 5);
    size_t n = drain(&body, 100, got, sizeof got);
    assert_true((int64_t)n < body.len);
    assert_memory_equal(got + n - 5, "12345", 5);
    assert_int_equal(body.read(got, sizeof got, body.user), 0);
    skua_multipart_free(m);
}

/* Another file under the same name is not the one that was added. */
static void a_file_that_is_replaced_is_still_sent(void **state) {
    (void)state;
    skua_body body;
    char got[4096], new_path[128];
    skua_multipart *m = with_file("the old", &body);
    snprintf(new_path, sizeof new_path, "%s", make_file("new", "another", 7));
    assert_int_equal(rename(new_path, path_of("changing")), 0);
    size_t n = drain(&body, 100, got, sizeof got);
    got[n] = '\0';
    assert_non_null(strstr(got, "\r\n\r\nthe old\r\n--"));
    skua_multipart_free(m);
}

/* The kept connection dies under the second form, which is sent again on a new one. */
static void a_request_takes_it(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "--\r\n", 0},
                                 {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
                                 {EXPECT, "PUT ", 0},
                                 {RESET, NULL, 0}};
    static const step again[] = {{EXPECT, "--\r\n", 0},
                                 {SEND, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0},
                                 {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){steps, again, NULL});
    skua_error err;
    skua_conn *c = skua_conn_new(l->origin, NULL, &err);
    for (int i = 0; i < 2; i++) {
        skua_body body;
        char length[64];
        skua_multipart *m = with_file("content", &body);
        const skua_field fields[] = {{"Content-Type", skua_multipart_content_type(m), 0}, {0}};
        if (skua_conn_request_body(c, "PUT", "/", fields, &body, &err) != 0)
            fail_msg("%s", err.msg);
        skua_response *r = skua_conn_getresponse(c, &err);
        if (!r)
            fail_msg("%s", err.msg);
        skua_response_free(r);
        snprintf(length, sizeof length, "\r\nContent-Length: %d\r\n", (int)body.len);
        assert_non_null(strstr(l->got[i], length));
        assert_non_null(strstr(l->got[i], boundary_of(m)));
        assert_non_null(strstr(l->got[i], "\r\n\r\ncontent\r\n--skua-"));
        skua_multipart_free(m);
    }
    skua_conn_free(c);
    loopback_end(l);
}

static void a_request_says_when_a_file_has_shrunk(void **state) {
    (void)state;
    static const step steps[] = {{EXPECT, "12345", 0}, {END, NULL, 0}};
    loopback *l = loopback_start((const step *const[]){steps, NULL});
    skua_error err;
    skua_body body;
    skua_conn *c = skua_conn_new(l->origin, NULL, &err);
    skua_multipart *m = with_file("123456789", &body);
    make_file("changing", "12345", 5);
    assert_int_equal(skua_conn_request_body(c, "POST", "/", NULL, &body, &err),
                     SKUA_E_INCOMPLETE_READ);
    assert_int_equal(err.phase, SKUA_PHASE_SEND);
    skua_multipart_free(m);
    skua_conn_free(c);
    loopback_end(l);
}

static void null_arguments(void **state) {
    (void)state;
    skua_multipart *m = make();
    skua_body body;
    skua_error err;
    assert_int_equal(skua_multipart_body(NULL, &body, &err), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_multipart_body(m, NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_multipart_add(NULL, "a", "b"), SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_multipart_add_bytes(NULL, "a", NULL, NULL, "b", 1),
                     SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(skua_multipart_add_file(NULL, "a", "b", NULL, NULL), SKUA_E_INVALID_ARGUMENT);
    assert_string_equal(skua_multipart_content_type(NULL), "");
    skua_multipart_free(m);
    skua_multipart_free(NULL);
}

static int make_base(void **state) {
    (void)state;
    return mkdtemp(base) ? 0 : -1;
}

static int remove_base(void **state) {
    (void)state;
    static const char *const names[] = {"photo.jpg", "void", "one", "changing", "new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unlink(path_of(names[i]));
    return rmdir(base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_every_kind),
        cmocka_unit_test(no_parts),
        cmocka_unit_test(only_a_file),
        cmocka_unit_test(a_boundary_for_each),
        cmocka_unit_test(names_are_escaped_as_browsers_do),
        cmocka_unit_test(a_type_cannot_begin_a_field),
        cmocka_unit_test(what_failed_is_kept),
        cmocka_unit_test(what_cannot_be_a_part),
        cmocka_unit_test(nothing_is_added_to_a_body_that_was_taken),
        cmocka_unit_test(of_a_file_that_grows_what_was_announced_is_sent),
        cmocka_unit_test(a_file_that_shrinks_ends_the_body),
        cmocka_unit_test(a_file_that_is_replaced_is_still_sent),
        cmocka_unit_test(a_request_takes_it),
        cmocka_unit_test(a_request_says_when_a_file_has_shrunk),
        cmocka_unit_test(null_arguments),
    };
    return cmocka_run_group_tests(tests, make_base, remove_base);
}
