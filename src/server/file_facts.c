/* server/file_facts.c - what tells one state of a file from another: its validators. */
#include "server/file_facts.h"

#include <inttypes.h>
#include <stdio.h>

/* Strong: what changes the bytes changes the size, or the time, which has nanoseconds; a file that
 * took another's place has another inode. */
static void make_etag(const sk_file_info *info, sk_file_facts *out) {
    snprintf(out->etag, sizeof out->etag, "\"%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%" PRIx32 "\"",
             info->inode, (uint64_t)info->size, (uint64_t)info->mtime, info->mtime_ns);
}

void sk_file_facts_of(const sk_file_info *info, int64_t now, sk_file_facts *out) {
    make_etag(info, out);
    /* RFC 9110 8.8.2.1: MUST NOT be later than the time of the message. */
    out->modified = info->mtime < now ? info->mtime : now;
    sk_date_format(out->modified, out->last_modified);
    out->last_modified[SK_DATE_LEN] = '\0';
}
