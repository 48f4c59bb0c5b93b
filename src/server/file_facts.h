/* server/file_facts.h - what a reply says about a file beside its bytes. */
#ifndef SK_SERVER_FILE_FACTS_H
#define SK_SERVER_FILE_FACTS_H

#include "base/date.h"
#include "sys/file.h"

typedef struct sk_file_facts {
    char etag[64];
    char last_modified[SK_DATE_LEN + 1];
    int64_t modified; /* the same, in Unix seconds */
    const char *type; /* the value of Content-Type */
} sk_file_facts;

/* `path` gives the type by its ending, default_type (borrowed) where that is not known. `now` is
 * the time of the message, in Unix seconds. */
void sk_file_facts_of(const sk_file_info *info, const char *path, const char *default_type,
                      int64_t now, sk_file_facts *out);

#endif
