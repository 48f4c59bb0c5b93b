/* main.c - the skua command: finds the subcommand, which does the rest. */
#include "exit_status.h"
#include "options.h"
#include "report.h"
#include "subcommands.h"

#include <fcntl.h>
#include <signal.h>
#include <skua/types.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const cli_command *const commands[] = {&cli_get, &cli_serve};

static int print_version(void) {
    printf("skua %s\n", skua_version());
    return CLI_EXIT_OK;
}

static int print_help(void) {
    printf("usage: skua COMMAND [OPTION...] [ARGUMENT...]\n\n"
           "HTTP and HTTPS, both ends.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        printf("  %-7s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n  skua COMMAND --help   what a command takes\n"
           "  skua --version        the version\n"
           "  man skua              the manual\n");
    return CLI_EXIT_OK;
}

static const struct {
    const char *flag;
    int (*run)(void);
} flags[] = {
    {"--help", print_help},
    {"-h", print_help},
    {"--version", print_version},
    {"-V", print_version},
};

/* A descriptor from 0 to 2 that is closed would be the next socket's number, and what is meant for
 * standard output would go to the peer. Here it becomes one that cannot be written to. */
static int hold_standard_descriptors(void) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return -1;
    }
    return 0;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        cli_say("no command given (see skua --help)");
        return CLI_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (strcmp(argv[1], flags[i].flag) == 0)
            return flags[i].run();
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return commands[i]->run(argv + 1);
    }
    cli_say("unknown %s %s (see skua --help)", argv[1][0] == '-' ? "option" : "command", argv[1]);
    return CLI_EXIT_USAGE;
}

int main(int argc, char **argv) {
    /* A reader of our output that has gone is an error of write, not our death. */
    signal(SIGPIPE, SIG_IGN);
    if (hold_standard_descriptors() != 0)
        return CLI_EXIT_INTERNAL;
    int status = dispatch(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_say("standard output: cannot be written");
        return status ? status : CLI_EXIT_WRITE;
    }
    return status;
}
