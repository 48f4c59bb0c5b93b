/* server/file_facts.h - what tells one state of a file from another: its validators. */
#ifndef SK_SERVER_FILE_FACTS_H
#define SK_SERVER_FILE_FACTS_H

#include "base/date.h"
#include "sys/file.h"

typedef struct sk_file_facts {
    char etag[64];
    char last_modified[SK_DATE_LEN + 1];
    int64_t modified; /* the same, in Unix seconds */
} sk_file_facts;

/* `now` is the time of the message, in Unix seconds. */
void sk_file_facts_of(const sk_file_info *info, int64_t now, sk_file_facts *out);

#endif
