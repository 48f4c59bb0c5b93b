/* get_head.c - the heads of responses, to where -i, -I and -D have them. A terminal shows them in
 * colour, and is not steered by what a peer has put into them. */
#include "get.h"

#include "color.h"
#include "exit_status.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A head, or where version is 0 a section of trailer fields. */
typedef struct section {
    int version;
    int status;
    const char *reason;
    const skua_field *fields;
} section;

/* ---- as it came ---- */

static int write_plain(cli_output *to, const char *text, size_t len, skua_error *err) {
    if (cli_output_write(to, text, len) == 0)
        return 0;
    return get_fail_file(err, CLI_EXIT_WRITE, cli_output_name(to), errno);
}

/* The bytes of a section. NULL without memory. */
static char *render(const section *s, size_t *len) {
    char *text = NULL;
    FILE *f = open_memstream(&text, len);
    if (!f)
        return NULL;
    if (s->version)
        fprintf(f, "HTTP/%d.%d %d %s\r\n", s->version / 10, s->version % 10, s->status, s->reason);
    for (const skua_field *field = s->fields; field->name; field++)
        fprintf(f, "%s: %s\r\n", field->name, field->value);
    fputs(s->version ? "\r\n" : "", f);
    if ((ferror(f) | fclose(f)) == 0)
        return text;
    free(text);
    return NULL;
}

/* ---- on a terminal ---- */

static void show_field(int fd, const skua_field *field, const cli_colors *colors) {
    cli_line line;
    cli_line_begin(&line, fd);
    cli_line_format(&line, "%s", colors->name);
    cli_line_put(&line, field->name, strlen(field->name));
    cli_line_format(&line, "%s: ", colors->end);
    cli_line_put(&line, field->value, strlen(field->value));
    cli_line_end(&line);
}

static void show(const section *s) {
    const cli_colors *colors = cli_colors_for(STDOUT_FILENO);
    if (s->version) {
        cli_line line;
        cli_line_begin(&line, STDOUT_FILENO);
        cli_line_format(&line, "%sHTTP/%d.%d %d ", cli_color_of_status(colors, s->status),
                        s->version / 10, s->version % 10, s->status);
        cli_line_put(&line, s->reason, strlen(s->reason));
        cli_line_format(&line, "%s", colors->end);
        cli_line_end(&line);
    }
    for (const skua_field *field = s->fields; field->name; field++)
        show_field(STDOUT_FILENO, field, colors);
    if (s->version) {
        cli_line line;
        cli_line_begin(&line, STDOUT_FILENO);
        cli_line_end(&line);
    }
}

/* ---- both ---- */

static int shows_heads(const get_transfer *t) {
    const get_options *o = t->options;
    return (o->head || o->include) && !(o->json && !t->output.path);
}

static int write_section(get_transfer *t, const section *s) {
    size_t len = 0;
    char *text = render(s, &len);
    if (!text)
        return get_no_memory(&t->err);
    int status = 0;
    if (s->version)
        t->counts.header += (int64_t)len;
    if (shows_heads(t) && cli_output_is_terminal(&t->output))
        show(s);
    else if (shows_heads(t))
        status = write_plain(&t->output, text, len, &t->err);
    if (!status && t->options->dump_header)
        status = write_plain(&t->session->dump, text, len, &t->err);
    free(text);
    return status;
}

int get_head_write(get_transfer *t) {
    const skua_response *r = t->response;
    size_t count = 0;
    int interim, status = 0;
    for (size_t i = 0; !status && (interim = skua_response_informational(r, i)) != 0; i++) {
        /* RFC 9110 15.2: 1.0 has none. */
        const skua_field *fields = skua_response_informational_fields(r, i, NULL);
        status = write_section(t, &(section){11, interim, skua_status_reason(interim), fields});
    }
    const skua_field *fields = skua_response_fields(r, &count);
    t->counts.fields = (int)count;
    if (status)
        return status;
    return write_section(t, &(section){skua_response_version(r), skua_response_status(r),
                                       skua_response_reason(r), fields});
}

int get_trailers_write(get_transfer *t) {
    return write_section(t, &(section){.fields = skua_response_trailers(t->response, NULL)});
}
