/* Replays tests/vectors/h1_*.txt: each case whole, byte by byte, and at every split in two. The
 * format stands in tests/vectors/README.md. */
#include "base/buf.h"
#include "wire/h1.h"

#include <setjmp.h>
#include <skua/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CASES_MAX  512
#define FIELDS_MAX 100

typedef struct vector {
    char name[160];
    sk_role role;
    sk_h1_limits limits;
    char method[16];
    bool open;
    sk_buf input;
    sk_buf expected;
} vector;

static vector vectors[CASES_MAX];
static size_t vector_count;

/* ---- reading the files ---- */

static void append_escaped(sk_buf *out, const char *line) {
    size_t len = strlen(line);
    bool crlf = !(len > 0 && line[len - 1] == '\\' && (len < 2 || line[len - 2] != '\\'));
    const char *end = line + len - (crlf ? 0 : 1);
    for (const char *p = line; p < end; p++) {
        if (*p != '\\') {
            sk_buf_append(out, p, 1);
            continue;
        }
        p++;
        if (*p == 'x') {
            char c = (char)(sk_hex_value(p[1]) * 16 + sk_hex_value(p[2]));
            sk_buf_append(out, &c, 1);
            p += 2;
        } else if (*p == '*') {
            char *colon;
            for (long n = strtol(p + 1, &colon, 10); n > 0; n--)
                sk_buf_append(out, colon + 1, 1);
            p = colon + 1;
        } else {
            static const char from[] = "rnt0\\", to[] = "\r\n\t\0\\";
            const char *at = strchr(from, *p);
            assert_non_null(at);
            sk_buf_append(out, to + (at - from), 1);
        }
    }
    if (crlf)
        sk_buf_append(out, "\r\n", 2);
}

static void read_option(vector *v, const char *line) {
    sk_h1_limits *l = &v->limits;
    if (sscanf(line, "limits line=%u block=%u fields=%u chunk=%u", &l->line_max, &l->block_max,
               &l->fields_max, &l->chunk_line_max) == 4)
        return;
    if (sscanf(line, "method %15s", v->method) == 1)
        return;
    assert_string_equal(line, "open");
    v->open = true;
}

static void read_vectors(const char *file) {
    char path[512], line[8192];
    snprintf(path, sizeof path, "%s/tests/vectors/%s", SKUA_SOURCE_DIR, file);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    int part = 0; /* 0 options, 1 input, 2 events */
    vector *v = NULL;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        if (strncmp(line, "== ", 3) == 0) {
            assert_true(vector_count < CASES_MAX);
            v = &vectors[vector_count++];
            part = 0;
            v->role = strncmp(line + 3, "server", 6) == 0 ? SK_SERVER : SK_CLIENT;
            v->limits = (sk_h1_limits){1024, 4096, FIELDS_MAX, 64};
            strcpy(v->method, "GET");
            snprintf(v->name, sizeof v->name, "%.20s: %.120s", file, line + 3);
        } else if (v && strcmp(line, "--") == 0) {
            part++;
        } else if (v && part == 0 && line[0]) {
            read_option(v, line);
        } else if (v && part == 1) {
            append_escaped(&v->input, line);
        } else if (v && part == 2 && line[0] && line[0] != '#') {
            sk_buf_printf(&v->expected, "%s\n", line);
        }
    }
    fclose(f);
}

/* ---- running a case ---- */

typedef struct run {
    const vector *v;
    sk_h1 h1;
    sk_head head;
    sk_field fields[FIELDS_MAX];
    sk_buf log;
    sk_buf data; /* spans since the last other event */
    bool over;
} run;

static void log_fields(run *r) {
    for (uint32_t i = 0; i < r->head.fields.count; i++) {
        const sk_field *f = &r->head.fields.at[i];
        sk_buf_printf(&r->log, "field %.*s: ", (int)f->name.len, f->name.ptr);
        char *value = sk_buf_reserve(&r->log, f->value.len + 1);
        assert_non_null(value);
        sk_field_copy_value(value, f->value);
        sk_buf_commit(&r->log, f->value.len);
        sk_buf_append(&r->log, "\n", 1);
    }
}

static void log_head(run *r, const char *kind) {
    const sk_head *h = &r->head;
    static const char *const bodies[] = {"none", "length", "chunked", "close"};
    if (r->v->role == SK_SERVER)
        sk_buf_printf(&r->log, "%s %.*s %.*s", kind, (int)h->method.len, h->method.ptr,
                      (int)h->target.len, h->target.ptr);
    else
        sk_buf_printf(&r->log, "%s %d", kind, h->status);
    sk_buf_printf(&r->log, " %d %s", h->version, bodies[h->body]);
    if (h->body == SK_BODY_LENGTH)
        sk_buf_printf(&r->log, ":%lld", (long long)h->content_length);
    sk_buf_printf(&r->log, "%s%s%s\n", h->keep_alive ? " keep" : "",
                  h->expect_continue ? " expect" : "", h->upgrade ? " upgrade" : "");
    if (r->v->role == SK_SERVER && h->host.len)
        sk_buf_printf(&r->log, "host %.*s\n", (int)h->host.len, h->host.ptr);
    if (r->v->role == SK_CLIENT && h->reason.len)
        sk_buf_printf(&r->log, "reason %.*s\n", (int)h->reason.len, h->reason.ptr);
    log_fields(r);
}

static void log_data(run *r) {
    if (sk_buf_len(&r->data) == 0)
        return;
    sk_buf_append(&r->log, "data ", 5);
    for (size_t i = 0; i < sk_buf_len(&r->data); i++) {
        unsigned char c = (unsigned char)sk_buf_head(&r->data)[i];
        sk_buf_printf(&r->log, c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
    }
    sk_buf_append(&r->log, "\n", 1);
    sk_buf_clear(&r->data);
}

/* A server's machine cannot go on before its reply is sent. */
static void answer(run *r) {
    sk_buf out = {0};
    if (r->v->role != SK_SERVER)
        return;
    sk_h1_start_response(&r->h1, &out, 204, SK_LIT("No Content"));
    assert_int_equal(sk_h1_finish_head(&r->h1, &out, SK_BODY_NONE, 0), 0);
    sk_buf_free(&out);
    if (sk_h1_can_cycle(&r->h1)) {
        sk_h1_cycle(&r->h1);
        return;
    }
    sk_buf_printf(&r->log, "closing\n");
    r->over = true;
}

static void log_event(run *r, const sk_event *ev) {
    if (ev->kind != SK_EV_DATA && ev->kind != SK_EV_NEED)
        log_data(r);
    switch (ev->kind) {
    case SK_EV_INFO:
        log_head(r, "info");
        return;
    case SK_EV_HEAD:
        log_head(r, "head");
        return;
    case SK_EV_DATA:
        sk_buf_append(&r->data, ev->data.ptr, ev->data.len);
        return;
    case SK_EV_TRAILERS:
        sk_buf_printf(&r->log, "trailers\n");
        log_fields(r);
        return;
    case SK_EV_END:
        sk_buf_printf(&r->log, "end\n");
        answer(r);
        return;
    case SK_EV_UPGRADE:
        log_head(r, "upgrade");
        r->over = true;
        return;
    case SK_EV_PAUSED:
        sk_buf_printf(&r->log, "paused\n");
        r->over = true;
        return;
    case SK_EV_CLOSED:
        sk_buf_printf(&r->log, "closed\n");
        r->over = true;
        return;
    case SK_EV_ERROR:
        assert_non_null(ev->what);
        sk_buf_printf(&r->log, "error %d\n", ev->error);
        r->over = true;
        return;
    case SK_EV_NEED:
        return;
    }
}

/* Give the machine the bytes [from, to) of the input in memory of exactly that size, and take what
 * comes. Returns how many it consumed. */
static size_t give(run *r, const char *bytes, size_t len) {
    char *window = malloc(len ? len : 1);
    assert_non_null(window);
    memcpy(window, bytes, len);
    sk_event ev = {.head = &r->head};
    sk_h1_feed(&r->h1, window, len);
    do {
        sk_h1_next(&r->h1, &ev);
        log_event(r, &ev);
    } while (!r->over && ev.kind != SK_EV_NEED);
    size_t used = sk_h1_consumed(&r->h1);
    assert_true(used <= len);
    free(window);
    return used;
}

static void start(run *r, const vector *v) {
    *r = (run){.v = v};
    r->head.fields = (sk_fields){.at = r->fields, .cap = FIELDS_MAX};
    sk_h1_init(&r->h1, v->role, &v->limits);
    if (v->role == SK_SERVER)
        return;
    sk_buf out = {0};
    sk_h1_start_request(&r->h1, &out, sk_str(v->method), SK_LIT("/"), 11);
    assert_int_equal(sk_h1_finish_head(&r->h1, &out, SK_BODY_NONE, 0), 0);
    sk_buf_free(&out);
}

/* `first` bytes, then `step` at a time. */
static void replay(const vector *v, size_t first, size_t step) {
    run r;
    start(&r, v);
    const char *input = sk_buf_len(&v->input) ? sk_buf_head(&v->input) : "";
    size_t total = sk_buf_len(&v->input), from = 0, to = first;
    for (;;) {
        from += give(&r, input + from, to - from);
        if (r.over || to == total)
            break;
        to = total - to < step ? total : to + step;
    }
    if (!r.over && !v->open) {
        sk_h1_eof(&r.h1);
        give(&r, input + from, total - from);
    }
    log_data(&r);
    if (!r.over)
        sk_buf_printf(&r.log, "need\n");
    sk_buf_append(&r.log, "", 1);
    if (strcmp(sk_buf_head(&r.log), sk_buf_head(&v->expected)) != 0)
        fail_msg("%s (first %zu, then %zu)\n-- expected\n%s-- got\n%s", v->name, first, step,
                 sk_buf_head(&v->expected), sk_buf_head(&r.log));
    sk_buf_free(&r.log);
    sk_buf_free(&r.data);
}

static void run_vector(void **state) {
    const vector *v = *state;
    size_t total = sk_buf_len(&v->input);
    replay(v, total, total);
    replay(v, total ? 1 : 0, 1);
    for (size_t at = 1; at < total && at < 3000; at++)
        replay(v, at, total);
}

/* "error BAD_FIELD" in the files is "error -41" in a run. */
static void resolve_error_names(vector *v) {
    static const struct {
        const char *name;
        int code;
    } codes[] = {
#define ENTRY(name, code, python, cls, text) {#name, code},
        SKUA_ERROR_MAP(ENTRY)
#undef ENTRY
    };
    sk_buf_append(&v->expected, "", 1);
    char *at = strstr(sk_buf_head(&v->expected), "error ");
    if (!at)
        return;
    char name[64];
    assert_int_equal(sscanf(at, "error %63s", name), 1);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(codes[i].name, name) != 0)
            continue;
        sk_buf_truncate(&v->expected, (size_t)(at - sk_buf_head(&v->expected)));
        sk_buf_printf(&v->expected, "error %d\n", codes[i].code);
        sk_buf_append(&v->expected, "", 1);
        return;
    }
    fail_msg("%s: no error is called %s", v->name, name);
}

int main(void) {
    static struct CMUnitTest tests[CASES_MAX];
    read_vectors("h1_request.txt");
    read_vectors("h1_response.txt");
    for (size_t i = 0; i < vector_count; i++) {
        resolve_error_names(&vectors[i]);
        tests[i] = (struct CMUnitTest){vectors[i].name, run_vector, NULL, NULL, &vectors[i]};
    }
    int failed = _cmocka_run_group_tests("h1 vectors", tests, vector_count, NULL, NULL);
    for (size_t i = 0; i < vector_count; i++) {
        sk_buf_free(&vectors[i].input);
        sk_buf_free(&vectors[i].expected);
    }
    return failed;
}
