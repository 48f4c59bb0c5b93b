/* get_write_out.c - -w: text with %{variables} in it, printed when a transfer is over.
 *
 * %{name}, %header{Name}, %% for a percent sign; \n, \r and \t. %{stdout} and %{stderr} say where
 * the rest goes, %{onerror} that the rest is only for failures. The table of variables is what
 * %{json} prints, too. */
#include "get.h"

#include "exit_status.h"
#include "get_variables.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A format being printed. */
typedef struct printing {
    get_transfer *t;
    FILE *out;
    int over; /* %{onerror}, and there was none */
} printing;

/* ---- variables that act ---- */

typedef void action(printing *p);

static void to_stdout(printing *p) {
    p->out = stdout;
}

static void to_stderr(printing *p) {
    p->out = stderr;
}

static void on_error(printing *p) {
    p->over = p->t->status == 0;
}

static void print_json(printing *p) {
    get_variables_json(p->t, p->out);
}

static void print_fields(printing *p) {
    get_variables_fields_json(p->t, p->out);
}

static const struct {
    const char *name;
    action *act;
} actions[] = {
    {"stdout", to_stdout}, {"stderr", to_stderr},         {"onerror", on_error},
    {"json", print_json},  {"header_json", print_fields},
};

static action *find_action(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (strlen(actions[i].name) == len && memcmp(actions[i].name, name, len) == 0)
            return actions[i].act;
    }
    return NULL;
}

/* ---- the format ---- */

static void print_variable(printing *p, const char *name, size_t len) {
    action *act = find_action(name, len);
    if (act)
        act(p);
    else if (get_variables_print(p->t, p->out, name, len) != 0)
        cli_say("get: -w: unknown variable %%{%.*s}", (int)(len < 100 ? len : 100), name);
}

static void print_header(const printing *p, const char *name, size_t len) {
    char text[256];
    if (len >= sizeof text || !p->t->response)
        return;
    memcpy(text, name, len);
    text[len] = '\0';
    const char *value = skua_response_header(p->t->response, text);
    fputs(value ? value : "", p->out);
}

/* What begins with a percent sign. Returns what follows it. */
static const char *print_percent(printing *p, const char *at) {
    static const char header[] = "%header{";
    int is_header = strncmp(at, header, sizeof header - 1) == 0;
    const char *name = is_header ? at + sizeof header - 1 : at + 2;
    const char *end = is_header || at[1] == '{' ? strchr(name, '}') : NULL;
    if (at[1] == '%') {
        putc('%', p->out);
        return at + 2;
    }
    if (!end) {
        putc('%', p->out);
        return at + 1;
    }
    if (is_header)
        print_header(p, name, (size_t)(end - name));
    else
        print_variable(p, name, (size_t)(end - name));
    return end + 1;
}

static const char *print_backslash(const printing *p, const char *at) {
    static const char letters[] = "nrt", meant[] = "\n\r\t";
    const char *known = at[1] ? strchr(letters, at[1]) : NULL;
    if (known) {
        putc(meant[known - letters], p->out);
        return at + 2;
    }
    putc('\\', p->out);
    if (at[1])
        putc(at[1], p->out);
    return at + (at[1] ? 2 : 1);
}

static void print_format(printing *p, const char *at) {
    while (*at && !p->over) {
        if (*at == '%')
            at = print_percent(p, at);
        else if (*at == '\\')
            at = print_backslash(p, at);
        else
            putc(*at++, p->out);
    }
}

int get_write_out_print(get_transfer *t, skua_error *err) {
    const char *format = t->options->write_out;
    get_bytes file = {0};
    printing p = {.t = t, .out = stdout};
    if (format[0] == '@') {
        int status = get_bytes_add_file(&file, format + 1, "-w @", err);
        if (status) {
            get_bytes_free(&file);
            return status;
        }
        format = file.data;
    }
    print_format(&p, format);
    fflush(stdout);
    get_bytes_free(&file);
    return 0;
}
