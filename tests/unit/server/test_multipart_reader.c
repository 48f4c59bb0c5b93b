/* Forms with files, to callbacks and into files. */
#include "raw_client.h"
#include "running.h"

#include <dirent.h>
#include <skua/multipart_reader.h>
#include <sys/stat.h>
#include <unistd.h>

#define TYPE "multipart/form-data; boundary=b"
#define FORM                                                                                       \
    "--b\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\ntitle\r\n"                           \
    "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../x\"\r\n"                     \
    "Content-Type: text/plain\r\n\r\ncontent\r\n--b--\r\n"

/* What the callbacks were told, as text. */
typedef struct told {
    char text[512];
    char file[128];
    int fails; /* the nth call from now on */
} told;

static int add(told *t, const char *fmt, ...) {
    size_t len = strlen(t->text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->text + len, sizeof t->text - len, fmt, ap);
    va_end(ap);
    return t->fails > 0 && --t->fails == 0 ? SKUA_E_CANCELLED : 0;
}

static int on_begin(const skua_part *p, void *user) {
    return add(user, "[%s|%s|%s:", p->name, p->filename ? p->filename : "-",
               p->type ? p->type : "-");
}

static int on_data(const void *data, size_t len, void *user) {
    return add(user, "%.*s", (int)len, (const char *)data);
}

static int on_end(void *user) {
    return add(user, "]");
}

static int on_file(const skua_part *p, const char *file, int64_t size, void *user) {
    told *t = user;
    snprintf(t->file, sizeof t->file, "%s", file);
    return add(t, "<%s %d>", p->filename, (int)size);
}

static skua_multipart_opts to(told *t) {
    return (skua_multipart_opts){.size = sizeof(skua_multipart_opts),
                                 .begin = on_begin,
                                 .data = on_data,
                                 .end = on_end,
                                 .file = on_file,
                                 .user = t};
}

/* Read the form byte by byte. */
static int read_form(const skua_multipart_opts *o, const char *form, skua_error *err) {
    skua_multipart_reader *r = skua_multipart_reader_new(TYPE, o, err);
    int rc = r ? 0 : err->code;
    for (size_t i = 0; rc == 0 && form[i] != '\0'; i++)
        rc = skua_multipart_reader_feed(r, form + i, 1, err);
    if (rc == 0)
        rc = skua_multipart_reader_finish(r, err);
    else if (r)
        assert_int_equal(skua_multipart_reader_finish(r, NULL), rc);
    skua_multipart_reader_free(r);
    return rc;
}

/* The files in a directory. */
static int count(const char *dir) {
    DIR *d = opendir(dir);
    assert_non_null(d);
    int n = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void b05_callbacks(void **state) {
    (void)state;
    skua_error err;
    told t = {.fails = 0};
    skua_multipart_opts o = to(&t);
    assert_int_equal(read_form(&o, FORM, &err), 0);
    assert_string_equal(t.text, "[t|-|-:title][f|../x|text/plain:content]");
    /* Each call may end it: four calls beside the content's twelve bytes. */
    for (int i = 1; i <= 16; i++) {
        t = (told){.fails = i};
        assert_int_equal(read_form(&o, FORM, &err), SKUA_E_CANCELLED);
    }
    assert_int_equal(read_form(NULL, FORM, &err), 0);
    assert_int_equal(read_form(NULL, "--b\r\n", &err), SKUA_E_INCOMPLETE_READ);
    assert_int_equal(read_form(NULL, "--bc", &err), SKUA_E_BAD_MULTIPART);
    assert_string_equal(err.msg, "a boundary does not end its line");
}

static void b05_caps(void **state) {
    (void)state;
    skua_error err;
    told t = {.fails = 0};
    skua_multipart_opts o = to(&t);
    o.parts_max = 2;
    o.part_max_bytes = 7;
    o.max_bytes = sizeof FORM - 1;
    assert_int_equal(read_form(&o, FORM, &err), 0);
    o.parts_max = 1;
    assert_int_equal(read_form(&o, FORM, &err), SKUA_E_TOO_MANY_FIELDS);
    o.parts_max = 2;
    o.part_max_bytes = 6;
    assert_int_equal(read_form(&o, FORM, &err), SKUA_E_BODY_TOO_LARGE);
    assert_string_equal(err.msg, "a part of the form is too large");
    o.part_max_bytes = SKUA_FOREVER;
    o.max_bytes--;
    assert_int_equal(read_form(&o, FORM, &err), SKUA_E_BODY_TOO_LARGE);
    o.max_bytes = -2;
    assert_int_equal(read_form(&o, FORM, &err), SKUA_E_INVALID_ARGUMENT);
}

static void b05_files(void **state) {
    (void)state;
    char dir[64] = "/tmp/skua-uploads-XXXXXX", path[256], content[16] = "";
    skua_error err;
    told t = {.fails = 0};
    skua_multipart_opts o = to(&t);
    o.dir = "/nowhere/at/all";
    assert_int_equal(read_form(&o, FORM, &err), SKUA_E_FILE_NOT_FOUND);
    o.dir = mkdtemp(dir);
    for (int i = 1; i <= 10; i++) { /* what fails leaves nothing */
        t = (told){.fails = i};
        assert_int_equal(read_form(&o, FORM, &err), SKUA_E_CANCELLED);
        assert_int_equal(count(dir), 0);
    }
    assert_int_equal(read_form(&o, FORM "x", &err), 0);
    unlink((snprintf(path, sizeof path, "%s/%s", dir, t.file), path));
    char cut[sizeof FORM];
    snprintf(cut, sizeof cut, "%.*s", (int)(sizeof FORM - 5), FORM);
    assert_int_equal(read_form(&o, cut, &err), SKUA_E_INCOMPLETE_READ);
    assert_int_equal(count(dir), 0);

    t = (told){.fails = 0};
    assert_int_equal(read_form(&o, FORM, &err), 0);
    assert_string_equal(t.text, "[t|-|-:title][f|../x|text/plain:<../x 7>]");
    assert_int_equal(count(dir), 1);
    snprintf(path, sizeof path, "%s/%s", dir, t.file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fread(content, 1, sizeof content, f), 7);
    fclose(f);
    assert_string_equal(content, "content");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static int answer(skua_reply *a, int rc, const told *t) {
    return skua_reply_text(a, rc == 0 ? 200 : 400, "%d %s.", rc, t->text);
}

static int handle(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    told t = {.fails = 0};
    skua_multipart_opts o = to(&t);
    return answer(a, skua_request_multipart(q, &o, NULL), &t);
}

/* By hand, as the body comes. */
typedef struct streamed {
    skua_multipart_reader *reader;
    skua_reply *reply;
    told told;
} streamed;

static int on_piece(skua_request *q, const void *data, ptrdiff_t len, void *user) {
    (void)q;
    streamed *s = user;
    int rc = len > 0 ? skua_multipart_reader_feed(s->reader, data, (size_t)len, NULL) : (int)len;
    if (len > 0 && rc == 0)
        return 0;
    if (len == 0)
        rc = skua_multipart_reader_finish(s->reader, NULL);
    skua_multipart_reader_free(s->reader);
    answer(s->reply, rc, &s->told);
    skua_reply_finish(s->reply);
    free(s);
    return 0;
}

static int handle_streamed(skua_request *q, skua_reply *a, void *user) {
    (void)user;
    streamed *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->reply = a;
    skua_multipart_opts o = to(&s->told);
    s->reader = skua_multipart_reader_new(skua_request_header(q, "Content-Type"), &o, NULL);
    assert_non_null(s->reader);
    return skua_request_on_body(q, on_piece, s);
}

static void post(raw_client *c, const char *path, const char *type, const char *form) {
    char head[256];
    snprintf(head, sizeof head,
             "POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", path,
             type, strlen(form));
    rc_say(c, head);
    rc_say(c, form);
}

static void b05_bodies_of_each_kind(void **state) {
    (void)state;
    static const char *const paths[] = {"/whole", "/pool", "/streamed"};
    running r;
    raw_client c;
    running_make(&r, SKUA_OPTS(skua_server_opts, .workers = 1, .pool_threads = 1));
    skua_route(r.s, "POST /whole", handle, NULL);
    skua_route_with(
        r.s, "POST /pool",
        SKUA_OPTS(skua_route_opts, .fn = handle, .kind = SKUA_HANDLER_POOL, .stream_body = 1));
    skua_route_with(r.s, "POST /streamed",
                    SKUA_OPTS(skua_route_opts, .fn = handle_streamed, .stream_body = 1));
    running_start(&r, "http://127.0.0.1:0", NULL);
    rc_connect(&c, skua_server_url(r.s, 0));
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        post(&c, paths[i], TYPE, FORM);
        rc_expect(&c, "0 [t|-|-:title][f|../x|text/plain:content].");
    }
    char refused[64];
    snprintf(refused, sizeof refused, "%d .", SKUA_E_UNSUPPORTED);
    post(&c, "/whole", "text/plain", "x");
    rc_expect(&c, refused);
    rc_close(&c);
    running_finish(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b05_callbacks),
        cmocka_unit_test(b05_caps),
        cmocka_unit_test(b05_files),
        cmocka_unit_test(b05_bodies_of_each_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
