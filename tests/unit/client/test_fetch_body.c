/* client/fetch.c - bodies in one call: from anywhere, and along with redirects. */
#include "bodies.h"
#include "loopback.h"

#include <skua/client.h>

#define OK          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define MOVED(code) "HTTP/1.1 " code " Moved\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"

static const step take_one[] = {{EXPECT, "\r\n\r\naho", 0}, {SEND, OK, 0}, {END, NULL, 0}};
static const step moved_with_body[] = {{EXPECT, "\r\n\r\naho", 0},
                                       {SEND, MOVED("307"), 0},
                                       {EXPECT, "\r\n\r\naho", 0},
                                       {SEND, OK, 0},
                                       {END, NULL, 0}};
static const step moved_chunked[] = {
    {EXPECT, "0\r\n\r\n", 0}, {SEND, MOVED("308"), 0}, {END, NULL, 0}};
static const step see_other[] = {{EXPECT, "0\r\n\r\n", 0},
                                 {SEND, MOVED("303"), 0},
                                 {EXPECT, "\r\n\r\n", 0},
                                 {SEND, OK, 0},
                                 {END, NULL, 0}};
static const step moved_and_gone[] = {
    {EXPECT, "\r\n\r\naho", 0}, {SEND, MOVED("303"), 0}, {EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}};

static const step gone[] = {{EXPECT, "\r\n\r\n", 0}, {CLOSE, NULL, 0}};

/* Fetch with that body. Returns the status, or the code. */
static int fetch(const loopback *l, const char *method, const skua_body *from, skua_error *err) {
    skua_response *r = skua_fetch(
        NULL, SKUA_OPTS(skua_call, .url = l->origin, .method = method, .body_from = from), err);
    int rc = r ? skua_response_status(r) : err->code;
    if (!r)
        assert_true(err->msg[0] != '\0');
    skua_response_free(r);
    return rc;
}

static void a03_a_call_takes_its_body_from_a_file(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){take_one, NULL});
    FILE *file = bodies_file(3);
    skua_error err;
    assert_int_equal(
        fetch(l, NULL, SKUA_OPTS(skua_body, .kind = SKUA_BODY_FD, .fd = fileno(file)), &err), 200);
    assert_memory_equal(l->got[0], "POST / HTTP/1.1\r\n", 17);
    assert_int_equal(lseek(fileno(file), 0, SEEK_CUR), 12);
    fclose(file);
    loopback_end(l);
}

static void a03_a_redirect_takes_the_body_along_from_its_beginning(void **state) {
    (void)state;
    FILE *file = bodies_file(3), *other = bodies_file(3);
    bodies_spring spring = {.len = 3, .step = 2};
    const skua_body bodies[] = {
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FD, .fd = fileno(other)},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_FILE, .file = file},
        {.size = sizeof(skua_body),
         .kind = SKUA_BODY_CALLBACK,
         .len = 3,
         .read = bodies_read,
         .rewind = bodies_rewind,
         .user = &spring},
        {.size = sizeof(skua_body), .kind = SKUA_BODY_BYTES, .len = 3, .data = "aho"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        loopback *l = loopback_start((const step *const[]){moved_with_body, NULL});
        skua_error err;
        assert_int_equal(fetch(l, "PUT", &bodies[i], &err), 200);
        assert_non_null(strstr(l->got[0], "PUT /there HTTP/1.1\r\n"));
        loopback_end(l);
    }
    fclose(file);
    fclose(other);
}

static void a03_a_body_that_cannot_go_back_goes_nowhere_else(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){moved_chunked, NULL});
    bodies_spring spring = {.len = 3, .step = 3};
    const skua_body from = {
        .size = sizeof from, .kind = SKUA_BODY_CALLBACK, .read = bodies_read, .user = &spring};
    skua_error err;
    assert_int_equal(fetch(l, NULL, &from, &err), SKUA_E_UNSAFE_REDIRECT);
    assert_string_equal(err.msg, "redirected, but the body cannot be sent a second time");
    assert_int_equal(err.maybe_seen, 1);
    assert_int_equal(err.retry_safe, 0);
    loopback_end(l);

    l = loopback_start((const step *const[]){see_other, NULL});
    spring.at = 0;
    assert_int_equal(fetch(l, NULL, &from, &err), 200);
    assert_non_null(strstr(l->got[0], "GET /there HTTP/1.1\r\n"));
    loopback_end(l);
}

/* The POST has been acted on, whatever became of the GET behind it. */
static void what_the_first_request_did_counts_for_the_call(void **state) {
    (void)state;
    loopback *l = loopback_start((const step *const[]){moved_and_gone, gone, NULL});
    const skua_body from = {.size = sizeof from, .kind = SKUA_BODY_BYTES, .data = "aho", .len = 3};
    skua_error err;
    assert_int_equal(fetch(l, "POST", &from, &err), SKUA_E_REMOTE_DISCONNECTED);
    assert_int_equal(err.maybe_seen, 1);
    assert_int_equal(err.retry_safe, 0);
    loopback_end(l);
}

static void what_never_left_may_be_tried_again(void **state) {
    (void)state;
    skua_error err;
    assert_null(skua_fetch(NULL,
                           SKUA_OPTS(skua_call, .url = "http://h", .body = "x", .body_len = 1,
                                     .body_from = SKUA_OPTS(skua_body, .kind = SKUA_BODY_BYTES)),
                           &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
    assert_int_equal(err.maybe_seen, 0);
    assert_int_equal(err.retry_safe, 1);
    assert_null(skua_fetch(NULL,
                           SKUA_OPTS(skua_call, .url = "http://h",
                                     .body_from = SKUA_OPTS(skua_body, .kind = SKUA_BODY_FILE)),
                           &err));
    assert_int_equal(err.code, SKUA_E_INVALID_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a03_a_call_takes_its_body_from_a_file),
        cmocka_unit_test(a03_a_redirect_takes_the_body_along_from_its_beginning),
        cmocka_unit_test(a03_a_body_that_cannot_go_back_goes_nowhere_else),
        cmocka_unit_test(what_the_first_request_did_counts_for_the_call),
        cmocka_unit_test(what_never_left_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
