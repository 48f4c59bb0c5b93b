/* texts.h - strings that are kept until all of them are freed. */
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H

#include <stddef.h>

typedef struct cli_texts {
    char **items;
    size_t count;
} cli_texts;

/* Take over a string from malloc; NULL is passed on. Returns it, or NULL without memory, the string
 * freed. */
char *cli_texts_add(cli_texts *texts, char *owned);
/* Format a string and keep it. NULL without memory. */
__attribute__((format(printf, 2, 3))) char *cli_texts_format(cli_texts *texts, const char *fmt,
                                                             ...);
void cli_texts_free(cli_texts *texts);

#endif
