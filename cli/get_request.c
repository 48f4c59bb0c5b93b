/* get_request.c - the method and the fields of a request, by curl's rules: what -H names takes the
 * place of what would be sent by itself. */
#include "get.h"

#include "exit_status.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Above this, and where the length is not known, a server is asked first whether it wants it. */
enum { EXPECT_BYTES = 1024 * 1024 };

/* ---- -H ---- */

static int names_field(const char *line, const char *name) {
    size_t len = strlen(name);
    return strncasecmp(line, name, len) == 0 && (line[len] == ':' || line[len] == ';');
}

static int is_given(const get_options *o, const char *name) {
    for (size_t i = 0; i < o->fields.count; i++) {
        if (names_field(o->fields.items[i], name))
            return 1;
    }
    return 0;
}

static void cut_blanks(char *text) {
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
}

int get_field_split(char *line, const char **value) {
    char *end = strpbrk(line, ":;");
    if (!end || end == line)
        return -1;
    char *text = end + 1 + strspn(end + 1, " \t");
    if (*end == ';' && *text)
        return -1;
    *value = *end == ':' && !*text ? NULL : text;
    *end = '\0';
    cut_blanks(text);
    return 0;
}

/* Fields that the library adds, so that leaving them out is its business. */
static int is_the_librarys(const char *name) {
    static const char *const names[] = {"Host", "Content-Length", "Accept-Encoding", "User-Agent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcasecmp(name, names[i]) == 0)
            return 1;
    }
    return 0;
}

static int is_secret(const char *name) {
    return strcasecmp(name, "Authorization") == 0 || strcasecmp(name, "Cookie") == 0;
}

static int add_given(get_request *q, const char *text, skua_error *err) {
    char *line = cli_texts_format(&q->texts, "%s", text);
    skua_field field = {line, NULL, 0};
    if (!line)
        return get_no_memory(err);
    if (get_field_split(line, &field.value) != 0) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: -H '%s' is none of 'Name: value', 'Name:' and 'Name;' "
                        "(see skua get --help)",
                        text);
    }
    field.flags = is_secret(line) ? SKUA_FIELD_SECRET : 0;
    if (field.value || is_the_librarys(line))
        q->fields[q->field_count++] = field;
    return 0;
}

/* ---- what is sent by itself ---- */

/* curl's -e 'URL;auto'. */
static const char *referer_of(get_request *q, const char *given) {
    size_t len = given ? strlen(given) : 0;
    if (len >= 5 && strcmp(given + len - 5, ";auto") == 0)
        len -= 5;
    return len > 0 ? cli_texts_format(&q->texts, "%.*s", (int)len, given) : NULL;
}

static const char *type_of(const get_transfer *t) {
    if (t->upload.body.kind == SKUA_BODY_NONE || t->upload_name)
        return NULL;
    if (t->session->form)
        return skua_multipart_content_type(t->session->form);
    return "application/x-www-form-urlencoded";
}

static int asks_first(const skua_body *body) {
    int known = body->kind == SKUA_BODY_BYTES || body->len > 0;
    return body->kind != SKUA_BODY_NONE && (!known || body->len > EXPECT_BYTES);
}

static const char *range_of(get_transfer *t) {
    const char *range = t->options->range;
    if (range)
        return cli_texts_format(&t->request.texts, "bytes=%s", range);
    if (t->resume_from <= 0)
        return NULL;
    return cli_texts_format(&t->request.texts, "bytes=%lld-", (long long)t->resume_from);
}

static int build_fields(get_transfer *t) {
    get_request *q = &t->request;
    const get_options *o = t->options;
    const char *agent = o->user_agent ? o->user_agent : "skua/" SKUA_VERSION;
    const skua_field defaults[] = {
        {"Authorization", t->session->authorization, SKUA_FIELD_SECRET},
        {"Range", range_of(t), 0},
        {"User-Agent", *agent ? agent : NULL, 0},
        {"Accept", "*/*", 0},
        {"Referer", referer_of(q, o->referer), 0},
        {"Cookie", o->cookie, SKUA_FIELD_SECRET},
        {"Content-Type", type_of(t), 0},
        {"Expect", asks_first(&t->upload.body) ? "100-continue" : NULL, 0},
    };
    enum { DEFAULTS = sizeof defaults / sizeof *defaults };
    q->fields = calloc(o->fields.count + DEFAULTS + GET_FIELDS_SPARE, sizeof *q->fields);
    if (!q->fields)
        return get_no_memory(&t->err);
    for (size_t i = 0; i < DEFAULTS; i++) {
        if (defaults[i].value && !is_given(o, defaults[i].name))
            q->fields[q->field_count++] = defaults[i];
    }
    int status = 0;
    for (size_t i = 0; i < o->fields.count && !status; i++)
        status = add_given(q, o->fields.items[i], &t->err);
    return status;
}

/* ---- both ---- */

int get_request_build(get_transfer *t) {
    get_request *q = &t->request;
    const get_options *o = t->options;
    cli_texts_free(&q->texts);
    free(q->fields);
    *q = (get_request){.custom_method = o->method != NULL};
    q->method = "GET";
    if (t->upload.body.kind != SKUA_BODY_NONE)
        q->method = t->upload_name ? "PUT" : "POST";
    if (o->head)
        q->method = "HEAD";
    if (o->method)
        q->method = o->method;
    return build_fields(t);
}

void get_request_drop(get_request *q, int (*dropped)(const skua_field *field)) {
    size_t kept = 0;
    for (size_t i = 0; i < q->field_count; i++) {
        if (!dropped(&q->fields[i]))
            q->fields[kept++] = q->fields[i];
    }
    q->field_count = kept;
    q->fields[kept] = (skua_field){0};
}
