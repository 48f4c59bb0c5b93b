/* options_help.c - the help of a subcommand, from the table that reads its options. */
#include "options_help.h"

#include <stdio.h>
#include <string.h>

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
        at += printf("%s%s", option->value[0] == '[' ? "" : " ", option->value);
    if (at + 2 > HELP_COLUMN) {
        putchar('\n');
        at = 0;
    }
    print_indented(option->help, HELP_COLUMN, at);
}

/* Returns how many of the section's options were left out. */
static size_t print_section(const cli_section *section, int all) {
    size_t left_out = 0;
    if (all && section->title)
        printf("\n%s:\n", section->title);
    for (size_t i = 0; i < section->count; i++) {
        if (all || !section->options[i].rare)
            print_option(&section->options[i]);
        else
            left_out++;
    }
    return left_out;
}

void cli_help_print(const cli_command *command, int all) {
    static const cli_option help = {'h', "help", NULL, CLI_FLAG, 0, 0, "show this", 0};
    size_t left_out = 0;
    printf("usage: skua %s [OPTION...] %s\n\n%s\n%s", command->name, command->operands,
           command->summary, all ? "" : "\n");
    for (size_t i = 0; i < command->section_count; i++)
        left_out += print_section(&command->sections[i], all);
    print_option(&help);
    if (left_out > 0)
        printf("      --help all              show the other %zu options, too\n", left_out);
    printf("\n%s", command->more);
}
