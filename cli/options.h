/* options.h - the command line of one subcommand, read and explained by the same table. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_list {
    const char **items;
    size_t count;
} cli_list;

/* The values of several options that share a list, because their order counts: -d and
 * --data-binary, -o and -O. */
typedef struct cli_marked {
    struct {
        int mark;         /* which option: its number */
        const char *text; /* NULL: it takes none */
    } * items;
    size_t count;
} cli_marked;

/* What an option does to the member it names. */
typedef enum cli_kind {
    CLI_FLAG,          /* int: becomes 1; --no-NAME makes it 0 */
    CLI_CHOICE,        /* int: becomes the option's number */
    CLI_TEXT,          /* const char *: the last one counts */
    CLI_TEXT_OR_EMPTY, /* the same, behind a "=" alone: --name is "" */
    CLI_LIST,          /* cli_list: each is kept */
    CLI_MARKED,        /* cli_marked: each is kept, with the option's number */
    CLI_NUMBER,        /* int: 0 to the option's number */
    CLI_NUMBER_OR_ALL, /* the same, or -1 for no end */
    CLI_MILLISECONDS,  /* int64_t, from seconds with a fraction */
    CLI_BYTES          /* int64_t, with k, M or G behind it */
} cli_kind;

typedef struct cli_option {
    char letter;       /* 0: none */
    const char *name;  /* without its dashes */
    const char *value; /* what the help calls its value, with "[=" where it can be left out; NULL:
                          it takes none */
    cli_kind kind;
    size_t offset; /* of the member, in the subcommand's struct */
    int number;
    const char *help;
    int rare; /* only `--help all` tells of it */
} cli_option;

/* Options on one subject. */
typedef struct cli_section {
    const char *title; /* NULL: none is shown */
    const cli_option *options;
    size_t count;
} cli_section;

/* A subcommand. --help (-h) is understood without being in its table. */
typedef struct cli_command {
    const char *name;
    const char *operands; /* "URL" */
    const char *summary;  /* one line */
    const char *more;     /* what the help says behind the options */
    const cli_section *sections;
    size_t section_count;
    int (*run)(char **argv); /* argv[0] is the name; returns the exit status */
} cli_command;

typedef enum cli_parsed { CLI_GO, CLI_HELPED, CLI_REFUSED } cli_parsed;

/* Read argv[1] and what follows into the struct at `into`, and the operands into `operands`. The
 * strings stay argv's. What is wrong is said on standard error. */
cli_parsed cli_parse(const cli_command *command, char **argv, void *into, cli_list *operands);

/* Free the lists of a struct that cli_parse filled. */
void cli_parse_free(const cli_command *command, void *into, cli_list *operands);

/* Add to a list. Returns 0, or -1 when there is no memory. */
int cli_list_add(cli_list *list, const char *item);

/* Say what is wrong with the command line, and where help is. */
__attribute__((format(printf, 2, 3))) void cli_usage(const cli_command *command, const char *fmt,
                                                     ...);

#endif
