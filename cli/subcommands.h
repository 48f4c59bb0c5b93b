/* subcommands.h - what main dispatches to. */
#ifndef CLI_SUBCOMMANDS_H
#define CLI_SUBCOMMANDS_H

#include "options.h"

extern const cli_command cli_get;
extern const cli_command cli_serve;

#endif
