/* get_form.c - -F and --form-string: a multipart/form-data body.
 *
 * NAME=VALUE, NAME=@FILE (a file), NAME=<FILE (what it holds). Behind VALUE or FILE may stand
 * ;type=TYPE and ;filename=NAME. What is in double quotes ends with them; a backslash within takes
 * the meaning from a quote or a backslash. */
#include "get.h"

#include "exit_status.h"

#include <string.h>
#include <strings.h>

typedef struct part {
    const char *name;
    char *value; /* without its sign */
    char sign;   /* '@', '<', or 0 */
    char *type;
    char *filename;
} part;

/* ---- reading the option ---- */

/* The parameter that begins here: where its value begins. NULL: none does. */
static char *find_parameter(part *p, char *at, char ***into) {
    const struct {
        const char *name;
        char **into;
    } known[] = {{"type=", &p->type}, {"filename=", &p->filename}};
    at += strspn(at, " ");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t len = strlen(known[i].name);
        if (strncasecmp(at, known[i].name, len) == 0) {
            *into = known[i].into;
            return at + len;
        }
    }
    return NULL;
}

/* Take the quotes off, in place. Returns what follows them. */
static char *unquote(char *text) {
    char *to = text, *from = text + 1;
    while (*from && *from != '"') {
        from += *from == '\\' && (from[1] == '"' || from[1] == '\\');
        *to++ = *from++;
    }
    char *rest = from + (*from == '"');
    *to = '\0';
    return rest;
}

/* Cut a value off at the semicolon behind it. A media type has parameters of its own, so that only
 * the one before another parameter of ours ends it. Returns what follows, or NULL. */
static char *cut_value(part *p, char *text, int is_type) {
    char *at = *text == '"' ? unquote(text) : text;
    char **into;
    while ((at = strchr(at, ';')) != NULL) {
        if (!is_type || find_parameter(p, at + 1, &into)) {
            *at = '\0';
            return at + 1;
        }
        at++;
    }
    return NULL;
}

/* What is no parameter of ours is passed over. */
static void split_parameters(part *p) {
    char *rest = cut_value(p, p->value, 0);
    while (rest) {
        char **into = NULL;
        char *value = find_parameter(p, rest, &into);
        rest = cut_value(p, value ? value : rest, into == &p->type);
        if (value)
            *into = value;
    }
}

static int split(part *p, int kind, char *line) {
    char *equals = strchr(line, '=');
    if (!equals)
        return -1;
    *equals = '\0';
    *p = (part){.name = line, .value = equals + 1};
    if (kind == GET_FORM_STRING)
        return 0;
    if (*p->value == '@' || *p->value == '<')
        p->sign = *p->value++;
    split_parameters(p);
    return 0;
}

/* ---- making the body ---- */

static int add_content(skua_multipart *m, const part *p, skua_error *err) {
    get_bytes content = {0};
    int status = get_bytes_add_file(&content, p->value, "-F ", err);
    const char *filename = p->sign == '@' && !p->filename ? p->value : p->filename;
    if (!status)
        skua_multipart_add_bytes(m, p->name, filename, p->type, content.data, content.len);
    get_bytes_free(&content);
    return status;
}

/* What fails in the form itself is kept in it. */
static int add_part(skua_multipart *m, const part *p, skua_error *err) {
    if (p->sign == '<' || (p->sign == '@' && strcmp(p->value, "-") == 0))
        return add_content(m, p, err);
    if (p->sign == '@')
        skua_multipart_add_file(m, p->name, p->value, p->filename, p->type);
    else
        skua_multipart_add_bytes(m, p->name, p->filename, p->type, p->value, strlen(p->value));
    return 0;
}

static int add_option(skua_multipart *m, cli_texts *texts, int kind, const char *text,
                      skua_error *err) {
    char *line = cli_texts_format(texts, "%s", text);
    part p;
    if (!line)
        return get_no_memory(err);
    if (split(&p, kind, line) == 0)
        return add_part(m, &p, err);
    return get_fail(err, CLI_EXIT_USAGE, SKUA_E_INVALID_ARGUMENT,
                    "get: -F '%s' is no NAME=VALUE (see skua get --help)", text);
}

static int finish(skua_multipart *m, skua_error *err) {
    skua_body unused = {.size = sizeof unused};
    if (skua_multipart_body(m, &unused, err) == 0)
        return 0;
    skua_error_class class = skua_error_class_of(err->code);
    if (class == SKUA_CLASS_MEMORY)
        return CLI_EXIT_MEMORY;
    /* A name that cannot be written, or a file that cannot be read. */
    return err->code == SKUA_E_INVALID_ARGUMENT ? CLI_EXIT_USAGE : CLI_EXIT_READ;
}

int get_form_build(skua_multipart **form, const get_options *o, skua_error *err) {
    if (o->form.count == 0)
        return 0;
    *form = skua_multipart_new(err);
    if (!*form)
        return CLI_EXIT_MEMORY;
    cli_texts texts = {0};
    int status = 0;
    for (size_t i = 0; i < o->form.count && !status; i++)
        status = add_option(*form, &texts, o->form.items[i].mark, o->form.items[i].text, err);
    cli_texts_free(&texts);
    return status ? status : finish(*form, err);
}
