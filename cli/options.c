/* options.c - the one reader of command lines.
 *
 * -x, -xVALUE, -x VALUE, -xyz; --name, --name=VALUE, --name VALUE; --no-name for a flag; options
 * and operands in any order; -- ends the options; a lone - is an operand. Names are not
 * abbreviated: what is unique today need not be tomorrow. One that is unknown is answered with the
 * nearest. */
#include "options.h"

#include "options_help.h"
#include "report.h"
#include "suggest.h"

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

static void *grown(void *items, size_t count, size_t size) {
    return realloc(items, (count + 1) * size);
}

int cli_list_add(cli_list *list, const char *item) {
    const char **items = grown(list->items, list->count, sizeof *items);
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

static int set_choice(const cli_option *option, void *member, const char *value) {
    (void)value;
    *(int *)member = option->number;
    return 0;
}

static int set_marked(const cli_option *option, void *member, const char *value) {
    cli_marked *list = member;
    void *items = grown(list->items, list->count, sizeof *list->items);
    if (!items)
        return -1;
    list->items = items;
    list->items[list->count].mark = option->number;
    list->items[list->count++].text = value;
    return 0;
}

static int set_number(const cli_option *option, void *member, const char *value) {
    size_t digits = strspn(value, "0123456789");
    long number = strtol(value, NULL, 10);
    if (digits == 0 || digits > 9 || value[digits] || number > option->number)
        return -1;
    *(int *)member = (int)number;
    return 0;
}

static int set_number_or_all(const cli_option *option, void *member, const char *value) {
    if (strcmp(value, "-1") != 0)
        return set_number(option, member, value);
    *(int *)member = -1;
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

/* curl's units, of 1024. */
static int set_bytes(const cli_option *option, void *member, const char *value) {
    static const char units[] = "kmg";
    (void)option;
    size_t digits = strspn(value, "0123456789");
    const char *unit = value + digits;
    const char *known = *unit ? strchr(units, *unit | 0x20) : NULL;
    if (digits == 0 || digits > 9 || (*unit && (!known || unit[1])))
        return -1;
    int64_t bytes = strtol(value, NULL, 10);
    *(int64_t *)member = known ? bytes << (10 * (known - units + 1)) : bytes;
    return 0;
}

/* What an option's value becomes, and what is said of one that is none of its kind. */
static const struct {
    setter *set;
    const char *wanted; /* NULL: only memory can be lacking */
} kinds[] = {
    [CLI_FLAG] = {set_flag, NULL},
    [CLI_CHOICE] = {set_choice, NULL},
    [CLI_TEXT] = {set_text, NULL},
    [CLI_TEXT_OR_EMPTY] = {set_text, NULL},
    [CLI_LIST] = {set_list, NULL},
    [CLI_MARKED] = {set_marked, NULL},
    [CLI_NUMBER] = {set_number, "number"},
    [CLI_NUMBER_OR_ALL] = {set_number_or_all, "number"},
    [CLI_MILLISECONDS] = {set_milliseconds, "number of seconds"},
    [CLI_BYTES] = {set_bytes, "number of bytes (1000, 64k, 2M)"},
};

static int apply(reader *r, const cli_option *option, const char *value) {
    void *member = (char *)r->into + option->offset;
    if (kinds[option->kind].set(option, member, value) == 0)
        return 0;
    const char *wanted = kinds[option->kind].wanted;
    if (!wanted)
        cli_say("%s: out of memory", r->command->name);
    else if (option->number > 0)
        cli_usage(r->command, "--%s: '%s' is no %s from 0 to %d", option->name, value, wanted,
                  option->number);
    else
        cli_usage(r->command, "--%s: '%s' is no %s", option->name, value, wanted);
    return -1;
}

/* ---- options ---- */

typedef int matcher(const cli_option *option, const char *name, size_t len);

static int has_name(const cli_option *option, const char *name, size_t len) {
    return strlen(option->name) == len && memcmp(option->name, name, len) == 0;
}

static int has_letter(const cli_option *option, const char *letter, size_t len) {
    (void)len;
    return option->letter == *letter;
}

static const cli_option *find(const cli_command *command, matcher *matches, const char *name,
                              size_t len) {
    for (size_t i = 0; i < command->section_count; i++) {
        const cli_section *section = &command->sections[i];
        for (size_t k = 0; k < section->count; k++) {
            if (matches(&section->options[k], name, len))
                return &section->options[k];
        }
    }
    return NULL;
}

static void say_unknown(const reader *r, const char *name, size_t len) {
    char near[CLI_SUGGEST_BYTES];
    if (cli_suggest(r->command, name, len, near))
        cli_usage(r->command, "unknown option --%.*s: did you mean --%s?", (int)len, name, near);
    else
        cli_usage(r->command, "unknown option --%.*s", (int)len, name);
}

/* --no-NAME takes back a flag. Returns 1 when that is what it is. */
static int read_negated(const reader *r, const char *name, size_t len) {
    if (len <= 3 || strncmp(name, "no-", 3) != 0)
        return 0;
    const cli_option *option = find(r->command, has_name, name + 3, len - 3);
    if (!option || option->kind != CLI_FLAG)
        return 0;
    *(int *)(void *)((char *)r->into + option->offset) = 0;
    return 1;
}

static int read_long(reader *r, const char *arg) {
    const char *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] ? name + len + 1 : NULL;
    const cli_option *option = find(r->command, has_name, name, len);
    if (!option) {
        if (!value && read_negated(r, name, len))
            return 0;
        say_unknown(r, name, len);
        return -1;
    }
    if (!option->value && value) {
        cli_usage(r->command, "option --%s takes no value", option->name);
        return -1;
    }
    if (option->kind == CLI_TEXT_OR_EMPTY) {
        value = value ? value : "";
    } else if (option->value && !value) {
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
        const cli_option *option = find(r->command, has_letter, at, 1);
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
            cli_help_print(command, *r.next && strcmp(*r.next, "all") == 0);
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
    for (size_t i = 0; i < command->section_count; i++) {
        const cli_section *section = &command->sections[i];
        for (size_t k = 0; k < section->count; k++) {
            const cli_option *option = &section->options[k];
            char *member = (char *)into + option->offset;
            /* Several options share a marked list. */
            if (option->kind == CLI_LIST) {
                free(((cli_list *)(void *)member)->items);
                *(cli_list *)(void *)member = (cli_list){0};
            } else if (option->kind == CLI_MARKED) {
                free(((cli_marked *)(void *)member)->items);
                *(cli_marked *)(void *)member = (cli_marked){0};
            }
        }
    }
    free(operands->items);
}
