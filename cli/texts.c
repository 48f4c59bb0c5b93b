/* texts.c - strings that are kept until all of them are freed. */
#include "texts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *cli_texts_add(cli_texts *texts, char *owned) {
    char **items = owned ? realloc(texts->items, (texts->count + 1) * sizeof *items) : NULL;
    if (!items) {
        free(owned);
        return NULL;
    }
    texts->items = items;
    texts->items[texts->count++] = owned;
    return owned;
}

char *cli_texts_format(cli_texts *texts, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = len < 0 ? NULL : malloc((size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return cli_texts_add(texts, text);
}

void cli_texts_free(cli_texts *texts) {
    for (size_t i = 0; i < texts->count; i++)
        free(texts->items[i]);
    free(texts->items);
    *texts = (cli_texts){0};
}
