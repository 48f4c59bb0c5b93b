/* server/media_type.h - the media type of a file, by the ending of its name. */
#ifndef SK_SERVER_MEDIA_TYPE_H
#define SK_SERVER_MEDIA_TYPE_H

#include <skua/types.h>

typedef struct sk_media_type {
    const char *ending; /* lower case, without its dot */
    const char *type;   /* a value for Content-Type */
} sk_media_type;

/* The value of Content-Type for a file of that name: what follows the last dot decides, upper and
 * lower case alike. Text is taken to be UTF-8. NULL for an ending that is not known. */
const char *sk_media_type_of(skua_str name);
/* The whole table, sorted by ending. */
const sk_media_type *sk_media_types(size_t *count);

#endif
