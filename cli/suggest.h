/* suggest.h - what somebody may have meant who misspelled an option. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include "options.h"

enum { CLI_SUGGEST_BYTES = 64 };

/* Write the name of the option that is nearest to one that does not exist, "no-" before it where
 * that was asked for. Returns 1, or 0 where none is near. */
int cli_suggest(const cli_command *command, const char *name, size_t len,
                char out[CLI_SUGGEST_BYTES]);

#endif
