/* options.c - the one reader of command lines.
 *
 * -x, -xVALUE, -x VALUE, -xyz; --name, --name=VALUE, --name VALUE; options and operands in any
 * order; -- ends the options; a lone - is an operand. Names are not abbreviated: what is unique
 * today need not be tomorrow. */
#include "options.h"

#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One command line being read. */
typedef struct reader {
    const cli_command *command;
    char **next; /* the argument that is read next */
    void *into;
} reader;

void cli_usage(const cli_command *command, const char *fmt, ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    cli_say("%s: %s (see skua %s --help)", command->name, text, command->name);
}

int cli_list_add(cli_list *list, const char *item) {
    const char **items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (!items)
        return -1;
    items[list->count++] = item;
    list->items = items;
    return 0;
}

/* ---- values ---- */

/* A setter returns 0, or -1 for a value that is none of its kind. */
typedef int setter(const cli_option *option, void *member, const char *value);

static int set_flag(const cli_option *option, void *member, const char *value) {
    (void)option;
    (void)value;
    *(int *)member = 1;
    return 0;
}

static int set_text(const cli_option *option, void *member, const char *value) {
    (void)option;
    *(const char **)member = value;
    return 0;
}

static int set_list(const cli_option *option, void *member, const char *value) {
    (void)option;
    return cli_list_add(member, value);
}

static int set_number(const cli_option *option, void *member, const char *value) {
    size_t digits = strspn(value, "0123456789");
    long number = strtol(value, NULL, 10);
    if (digits == 0 || digits > 9 || value[digits] || number > option->max)
        return -1;
    *(int *)member = (int)number;
    return 0;
}

/* Digits with at most one point among them. strtod would let "inf", "0x1" and a locale in. What is
 * below a millisecond counts as one: only 0 itself is 0. */
static int set_milliseconds(const cli_option *option, void *member, const char *value) {
    (void)option;
    size_t whole = strspn(value, "0123456789");
    const char *fraction = value + whole + (value[whole] == '.');
    size_t digits = strspn(fraction, "0123456789");
    if (whole + digits == 0 || whole > 9 || fraction[digits])
        return -1;
    int64_t ms = (int64_t)strtol(value, NULL, 10) * 1000;
    for (size_t i = 0, unit = 100; i < digits; i++, unit /= 10)
        ms += (fraction[i] - '0') * (int64_t)unit;
    if (ms == 0 && strpbrk(value, "123456789"))
        ms = 1;
    *(int64_t *)member = ms;
    return 0;
}

static setter *const setters[] = {
    [CLI_FLAG] = set_flag,
    [CLI_TEXT] = set_text,
    [CLI_LIST] = set_list,
    [CLI_NUMBER] = set_number,
    [CLI_MILLISECONDS] = set_milliseconds,
};

static int apply(reader *r, const cli_option *option, const char *value) {
    void *member = (char *)r->into + option->offset;
    if (setters[option->kind](option, member, value) == 0)
        return 0;
    if (option->kind == CLI_NUMBER) {
        cli_usage(r->command, "--%s: '%s' is no number from 0 to %d", option->name, value,
                  option->max);
    } else if (option->kind == CLI_MILLISECONDS) {
        cli_usage(r->command, "--%s: '%s' is no number of seconds", option->name, value);
    } else {
        cli_say("%s: out of memory", r->command->name);
    }
    return -1;
}

/* ---- options ---- */

static const cli_option *find_name(const cli_command *command, const char *name, size_t len) {
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        if (strlen(option->name) == len && memcmp(option->name, name, len) == 0)
            return option;
    }
    return NULL;
}

static const cli_option *find_letter(const cli_command *command, char letter) {
    for (size_t i = 0; i < command->option_count; i++) {
        if (command->options[i].letter == letter)
            return &command->options[i];
    }
    return NULL;
}

static int read_long(reader *r, const char *arg) {
    const char *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    const cli_option *option = find_name(r->command, name, len);
    if (!option) {
        cli_usage(r->command, "unknown option --%.*s", (int)len, name);
        return -1;
    }
    if (!option->value && value) {
        cli_usage(r->command, "option --%s takes no value", option->name);
        return -1;
    }
    if (option->value && !value) {
        value = *r->next;
        if (!value) {
            cli_usage(r->command, "option --%s needs a value: %s", option->name, option->value);
            return -1;
        }
        r->next++;
    }
    return apply(r, option, value);
}

/* Several letters behind one dash; the first that takes a value takes the rest. */
static int read_letters(reader *r, const char *arg) {
    for (const char *at = arg + 1; *at; at++) {
        const cli_option *option = find_letter(r->command, *at);
        if (!option) {
            cli_usage(r->command, "unknown option -%c", *at);
            return -1;
        }
        if (!option->value) {
            if (apply(r, option, NULL) != 0)
                return -1;
            continue;
        }
        const char *value = at[1] ? at + 1 : *r->next++;
        if (!value) {
            cli_usage(r->command, "option -%c needs a value: %s", *at, option->value);
            return -1;
        }
        return apply(r, option, value);
    }
    return 0;
}

/* ---- help ---- */

enum { HELP_COLUMN = 30 };

/* Print text whose lines are broken already, each at its column. */
static void print_indented(const char *text, int column, int at) {
    for (;;) {
        int len = (int)strcspn(text, "\n");
        printf("%*s%.*s\n", column > at ? column - at : 0, "", len, text);
        if (!text[len])
            return;
        text += len + 1;
        at = 0;
    }
}

static void print_option(const cli_option *option) {
    int at = option->letter ? printf("  -%c, --%s", option->letter, option->name)
                            : printf("      --%s", option->name);
    if (option->value)
        at += printf(" %s", option->value);
    if (at + 2 > HELP_COLUMN) {
        putchar('\n');
        at = 0;
    }
    print_indented(option->help, HELP_COLUMN, at);
}

static void print_help(const cli_command *command) {
    static const cli_option help = {'h', "help", NULL, CLI_FLAG, 0, 0, "show this"};
    printf("usage: skua %s [OPTION...] %s\n\n%s\n\n", command->name, command->operands,
           command->summary);
    for (size_t i = 0; i < command->option_count; i++)
        print_option(&command->options[i]);
    print_option(&help);
    printf("\n%s", command->more);
}

/* ---- the whole line ---- */

cli_parsed cli_parse(const cli_command *command, char **argv, void *into, cli_list *operands) {
    reader r = {command, argv + 1, into};
    int only_operands = 0;
    while (*r.next) {
        const char *arg = *r.next++;
        int rc;
        if (only_operands || arg[0] != '-' || !arg[1]) {
            rc = cli_list_add(operands, arg);
        } else if (strcmp(arg, "--") == 0) {
            only_operands = 1;
            rc = 0;
        } else if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            print_help(command);
            return CLI_HELPED;
        } else {
            rc = arg[1] == '-' ? read_long(&r, arg) : read_letters(&r, arg);
        }
        if (rc != 0)
            return CLI_REFUSED;
    }
    return CLI_GO;
}

void cli_parse_free(const cli_command *command, void *into, cli_list *operands) {
    for (size_t i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        if (option->kind == CLI_LIST)
            free(((cli_list *)((char *)into + option->offset))->items);
    }
    free(operands->items);
}
