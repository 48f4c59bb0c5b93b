/* options_help.h - what a subcommand says of itself. */
#ifndef CLI_OPTIONS_HELP_H
#define CLI_OPTIONS_HELP_H

#include "options.h"

/* Print what `--help` prints; with `all`, the rare options too. */
void cli_help_print(const cli_command *command, int all);

#endif
