/* get_request.c - from -X, -I, -H, -A and -d to a method, fields and a body, by curl's rules. */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int no_memory(skua_error *err) {
    return get_fail(err, CLI_EXIT_MEMORY, SKUA_E_NOMEM, "get: out of memory");
}

/* ---- fields ---- */

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

/* A default gives way to a -H of its name, also to one that only removes it. */
static void add_default(get_request *q, const get_options *o, const char *name, const char *value) {
    if (!is_given(o, name))
        q->fields[q->field_count++] = (skua_field){name, value, 0};
}

static char *skip_blanks(char *text) {
    return text + strspn(text, " \t");
}

static void cut_blanks(char *text) {
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        text[--len] = '\0';
}

/* These are part of the framing or of HTTP/1.1 itself (RFC 9112 3.2, 6.3): the library puts them
 * in where they are not given. */
static int is_needed(const char *name) {
    static const char *const needed[] = {"Host", "Content-Length", "Accept-Encoding"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (strcasecmp(name, needed[i]) == 0)
            return 1;
    }
    return 0;
}

/* "K: V" is a field, "K;" one with an empty value, "K:" removes a default. */
static int add_given(get_request *q, const char *text, char *line, skua_error *err) {
    char *end = strpbrk(line, ":;");
    char *value = end ? skip_blanks(end + 1) : NULL;
    if (!end || end == line || (*end == ';' && *value)) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: -H '%s' is none of 'Name: value', 'Name:' and 'Name;' "
                        "(see skua get --help)",
                        text);
    }
    int removes = *end == ':' && !*value;
    *end = '\0';
    cut_blanks(value);
    if (removes && is_needed(line)) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: -H '%s': this field cannot be left out", text);
    }
    if (!removes)
        q->fields[q->field_count++] = (skua_field){line, value, 0};
    return 0;
}

static int build_fields(get_request *q, const get_options *o, skua_error *err) {
    enum { DEFAULTS = 3 };
    q->fields = calloc(o->fields.count + DEFAULTS + 1, sizeof *q->fields);
    q->lines = calloc(o->fields.count + 1, sizeof *q->lines);
    if (!q->fields || !q->lines)
        return no_memory(err);
    const char *agent = o->user_agent ? o->user_agent : "skua/" SKUA_VERSION;
    if (*agent)
        add_default(q, o, "User-Agent", agent);
    add_default(q, o, "Accept", "*/*");
    if (q->body)
        add_default(q, o, "Content-Type", "application/x-www-form-urlencoded");
    for (size_t i = 0; i < o->fields.count; i++) {
        q->lines[i] = strdup(o->fields.items[i]);
        if (!q->lines[i])
            return no_memory(err);
        int status = add_given(q, o->fields.items[i], q->lines[i], err);
        if (status)
            return status;
    }
    return 0;
}

/* ---- body ---- */

/* Returns 0, or -1 when there is no memory. Keeps a terminator behind the body, so that one of no
 * bytes is a body all the same. */
static int append(get_request *q, const char *data, size_t len) {
    size_t needed = q->body_len + len + 1;
    if (needed > q->body_cap) {
        size_t cap = needed > q->body_cap * 2 ? needed : q->body_cap * 2;
        char *body = realloc(q->body, cap);
        if (!body)
            return -1;
        q->body = body;
        q->body_cap = cap;
    }
    memcpy(q->body + q->body_len, data, len);
    q->body_len += len;
    q->body[q->body_len] = '\0';
    return 0;
}

/* curl's -d @file leaves out line ends and NULs. */
static size_t strip(char *data, size_t len) {
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\r' && data[i] != '\n' && data[i] != '\0')
            data[kept++] = data[i];
    }
    return kept;
}

static int append_file(get_request *q, const char *path, skua_error *err) {
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char piece[16384];
    ssize_t n = fd < 0 ? -1 : 1;
    int status = 0;
    while (n > 0 && !status) {
        do {
            n = read(fd, piece, sizeof piece);
        } while (n < 0 && errno == EINTR);
        if (n > 0 && append(q, piece, strip(piece, (size_t)n)) != 0)
            status = no_memory(err);
    }
    if (n < 0) {
        int os_errno = errno;
        status = get_fail(err, CLI_EXIT_READ, get_code_of_errno(os_errno), "get: -d @%s: %s", path,
                          strerror(os_errno));
        err->os_errno = os_errno;
    }
    if (fd >= 0 && !is_stdin)
        close(fd);
    return status;
}

static int build_body(get_request *q, const get_options *o, skua_error *err) {
    for (size_t i = 0; i < o->data.count; i++) {
        const char *data = o->data.items[i];
        if (append(q, "&", i > 0) != 0)
            return no_memory(err);
        if (data[0] == '@') {
            int status = append_file(q, data + 1, err);
            if (status)
                return status;
        } else if (append(q, data, strlen(data)) != 0) {
            return no_memory(err);
        }
    }
    return 0;
}

/* ---- both ---- */

int get_request_build(get_request *q, const get_options *o, skua_error *err) {
    *q = (get_request){0};
    if (o->head && o->data.count > 0) {
        return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                        "get: -I asks for HEAD and -d for POST (see skua get --help)");
    }
    int status = build_body(q, o, err);
    if (status)
        return status;
    q->method = o->head ? "HEAD" : q->body ? "POST" : "GET";
    if (o->method)
        q->method = o->method;
    return build_fields(q, o, err);
}

void get_request_free(get_request *q) {
    for (size_t i = 0; q->lines && q->lines[i]; i++)
        free(q->lines[i]);
    free(q->lines);
    free(q->fields);
    free(q->body);
    *q = (get_request){0};
}
