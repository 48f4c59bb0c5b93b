/* server/dir_options.c - a directory route's options: judged, and copied. */
#include "server/dir.h"

#include "base/mem.h"
#include "base/str.h"
#include "server/dir_path.h"
#include "sys/file.h"

#include <errno.h>

/* ---- judging ---- */

/* An index file stands in its directory: a name, not a path. */
static bool is_file_name(const char *name) {
    return name[0] != '\0' && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static bool is_value(const char *value) {
    return value && sk_str_is_field_value(sk_str(value));
}

static bool are_rules(const skua_dir_rule *rules) {
    for (; rules && rules->pattern; rules++) {
        if (rules->pattern[0] == '\0' || !is_value(rules->value))
            return false;
    }
    return true;
}

/* What the route says by itself, or frames the message. */
static bool is_own_field(const char *name) {
    static const char *const own[] = {
        "Accept-Ranges",          "Cache-Control",  "Connection",
        "Content-Encoding",       "Content-Length", "Content-Range",
        "Content-Type",           "Date",           "ETag",
        "Last-Modified",          "Location",       "Transfer-Encoding",
        "X-Content-Type-Options",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (sk_str_ieq(sk_str(own[i]), sk_str(name)))
            return true;
    }
    return false;
}

static const char *wrong_with_fields(const skua_field *f) {
    for (; f && f->name; f++) {
        if (!sk_str_is_token(sk_str(f->name)) || !is_value(f->value))
            return "one of the fields is no field";
        if (is_own_field(f->name))
            return "one of the fields is the route's to send";
    }
    return NULL;
}

static bool is_path_below(const char *path) {
    sk_dir_path where;
    return !path || (sk_dir_path_map(sk_str(path), true, &where) && !where.slash);
}

const char *sk_dir_wrong_with(const skua_dir_opts *opts) {
    if (opts->cache_control && !is_value(opts->cache_control))
        return "cache_control is no field value";
    if (opts->default_type && !is_value(opts->default_type))
        return "default_type is no field value";
    for (const char *const *index = opts->index; index && *index; index++) {
        if (!is_file_name(*index))
            return "an index file is no file name";
    }
    if (!are_rules(opts->types))
        return "one of the types has no pattern, or is no field value";
    if (!are_rules(opts->cache_rules))
        return "one of the cache_rules has no pattern, or is no field value";
    if (!is_path_below(opts->fallback))
        return "fallback is no path of a file below the directory";
    if (!is_path_below(opts->not_found_page))
        return "not_found_page is no path of a file below the directory";
    return wrong_with_fields(opts->fields);
}

/* ---- copying ---- */

/* Copies into the route's arena; the first that fails is remembered. */
typedef struct copier {
    sk_arena *arena;
    bool failed;
} copier;

static void *room_for(copier *c, size_t count, size_t size) {
    void *room = sk_arena_zalloc(c->arena, count * size);
    c->failed |= !room;
    return room;
}

/* NULL stays NULL. */
static const char *copy(copier *c, const char *text) {
    if (!text)
        return NULL;
    const char *made = sk_arena_strndup(c->arena, text, strlen(text));
    c->failed |= !made;
    return made;
}

static const char **copy_names(copier *c, const char *const *names) {
    size_t count = 0;
    while (names[count])
        count++;
    const char **made = room_for(c, count + 1, sizeof *made);
    for (size_t i = 0; made && i < count; i++)
        made[i] = copy(c, names[i]);
    return made;
}

static const skua_dir_rule *copy_rules(copier *c, const skua_dir_rule *rules) {
    size_t count = 0;
    while (rules && rules[count].pattern)
        count++;
    skua_dir_rule *made = room_for(c, count + 1, sizeof *made);
    for (size_t i = 0; made && i < count; i++)
        made[i] = (skua_dir_rule){copy(c, rules[i].pattern), copy(c, rules[i].value)};
    return made;
}

static const skua_field *copy_fields(copier *c, const skua_field *fields) {
    size_t count = 0;
    while (fields && fields[count].name)
        count++;
    skua_field *made = room_for(c, count + 1, sizeof *made);
    for (size_t i = 0; made && i < count; i++)
        made[i] = (skua_field){copy(c, fields[i].name), copy(c, fields[i].value), fields[i].flags};
    return made;
}

static bool copy_options(sk_dir *d, const skua_dir_opts *opts) {
    static const char *const default_index[] = {"index.html", "index.htm", NULL};
    copier c = {.arena = &d->arena};
    d->list = opts->list != 0;
    d->precompressed = opts->precompressed != 0;
    d->dotfiles = opts->dotfiles != 0;
    d->upload_form = opts->upload_form != 0;
    d->default_type =
        copy(&c, opts->default_type ? opts->default_type : "application/octet-stream");
    d->cache_control = copy(&c, opts->cache_control);
    d->index = copy_names(&c, opts->index ? opts->index : default_index);
    d->types = copy_rules(&c, opts->types);
    d->cache_rules = copy_rules(&c, opts->cache_rules);
    d->fields = copy_fields(&c, opts->fields);
    d->fallback = copy(&c, opts->fallback);
    d->not_found_page = copy(&c, opts->not_found_page);
    return !c.failed;
}

int sk_dir_new(const char *path, const skua_dir_opts *opts, sk_dir **out) {
    sk_dir *d = sk_zalloc(sizeof *d);
    if (!d)
        return -ENOMEM;
    d->fd = sk_dir_open(path);
    int rc = d->fd < 0 ? d->fd : copy_options(d, opts) ? 0 : -ENOMEM;
    if (rc != 0) {
        sk_dir_free(d);
        return rc;
    }
    *out = d;
    return 0;
}

void sk_dir_free(void *dir) {
    sk_dir *d = dir;
    sk_file_close(d->fd);
    sk_arena_free(&d->arena);
    sk_free(d);
}
