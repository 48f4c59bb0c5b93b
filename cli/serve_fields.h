/* serve_fields.h - what `skua serve` adds to each reply, and the questions of browsers. */
#ifndef CLI_SERVE_FIELDS_H
#define CLI_SERVE_FIELDS_H

#include "serve_options.h"
#include "texts.h"

#include <skua/server.h>

typedef struct serve_fields {
    skua_field *list;
    size_t count;
    const char *methods; /* that another origin may use; NULL: it may not ask */
    int is_single;       /* a connection is closed with its first reply */
    cli_texts texts;
} serve_fields;

/* Options are checked, and borrowed. Returns 0, or -1 without memory. */
int serve_fields_init(serve_fields *fields, const serve_options *o);
void serve_fields_free(serve_fields *fields);

/* Have the server send them, and answer preflights, which bring no credentials: before its guard is
 * added. The fields live as long as the server. */
void serve_fields_add(serve_fields *fields, skua_server *s);

#endif
