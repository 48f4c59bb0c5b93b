/* wire/multipart_parse.h - multipart/form-data (RFC 7578, RFC 2046 5.1) as it comes: bytes in,
 * events out. Nothing of a part's content is kept or copied. */
#ifndef SK_WIRE_MULTIPART_PARSE_H
#define SK_WIRE_MULTIPART_PARSE_H

#include <skua/types.h>
#include <stdbool.h>
#include <stdint.h>

#define SK_MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define SK_MULTIPART_HEAD_MAX     8192
#define SK_MULTIPART_FIELDS_MAX   16 /* in the head of a part */

typedef enum sk_multipart_kind {
    SK_MULTIPART_PART, /* its head has come */
    SK_MULTIPART_DATA, /* some of its content: into the input, or static */
    SK_MULTIPART_PART_END,
    SK_MULTIPART_END /* of all: what follows is passed over */
} sk_multipart_kind;

typedef struct sk_multipart_event {
    sk_multipart_kind kind;
    skua_str data;
    skua_str name; /* these three are good until the next head comes; of controls they hold HTAB at
                      most */
    skua_str filename; /* ptr NULL: there is none */
    skua_str type;     /* likewise */
    const char *what;  /* of an error: what is wrong */
} sk_multipart_event;

/* Drawn in multipart_parse.c. */
typedef enum sk_multipart_state {
    SK_MULTIPART_PREAMBLE,
    SK_MULTIPART_AFTER,
    SK_MULTIPART_AFTER_DASH,
    SK_MULTIPART_AFTER_BLANK,
    SK_MULTIPART_AFTER_CR,
    SK_MULTIPART_HEAD,
    SK_MULTIPART_CONTENT,
    SK_MULTIPART_LAST,
    SK_MULTIPART_EPILOGUE,
    SK_MULTIPART_FAILED
} sk_multipart_state;

typedef struct sk_multipart_parser {
    sk_multipart_state state;
    int failed;
    const char *what;
    char delimiter[4 + SK_MULTIPART_BOUNDARY_MAX]; /* CR LF "--" boundary */
    uint32_t delimiter_len;
    uint32_t matched; /* bytes of the delimiter that have come */
    uint32_t assumed; /* of those: the line end before it that is no content */
    uint32_t head_len;
    char head[SK_MULTIPART_HEAD_MAX];
} sk_multipart_parser;

/* By the value of Content-Type. 0; SKUA_E_UNSUPPORTED: it is no multipart/form-data;
 * SKUA_E_BAD_MULTIPART: it has no boundary that is one. */
int sk_multipart_begin(sk_multipart_parser *p, skua_str content_type);
/* Take from *in what makes up the next event. 0 and *ev; SKUA_E_AGAIN: all was taken, and more is
 * needed; SKUA_E_BAD_MULTIPART or SKUA_E_HEAD_TOO_LARGE, again and again. */
int sk_multipart_next(sk_multipart_parser *p, skua_str *in, sk_multipart_event *ev);
/* Has the last delimiter come? */
bool sk_multipart_is_whole(const sk_multipart_parser *p);

#endif
