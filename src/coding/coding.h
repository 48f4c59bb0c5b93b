/* coding/coding.h - what this build knows of each content coding (RFC 9110 8.4.1).
 *
 * A library has a file for each direction that it offers, and that file is all that includes it. */
#ifndef SK_CODING_CODING_H
#define SK_CODING_CODING_H

#include <skua/types.h>
#include <stdbool.h>

/* Room for output: the front is taken off as it is written. */
typedef struct sk_room {
    char *ptr;
    size_t len;
} sk_room;

typedef enum sk_coded {
    SK_CODED_MORE = 0, /* within a stream */
    SK_CODED_END,      /* the stream is complete, and all that it held is given out */
    SK_CODED_BROKEN,   /* *why says how */
    SK_CODED_NOMEM
} sk_coded;

#define SK_BEHIND_END "more bytes behind its end"

/* How a coding is undone. */
typedef struct sk_decode_ops {
    void *(*open)(void); /* a state; NULL: no memory */
    /* Take from the front of *in, write to *out; some of either is used. Called with input, or
     * after a step that filled its room; after SK_CODED_END only with input, and if it repeats. */
    sk_coded (*step)(void *state, skua_str *in, sk_room *out, const char **why);
    void (*close)(void *state);
    bool repeats; /* several streams in a row are one */
} sk_decode_ops;

/* How far an encoder is to go. */
typedef enum sk_encode_to {
    SK_ENCODE_ON,    /* take the input; what becomes of it may stay inside */
    SK_ENCODE_FLUSH, /* all that was taken can be decoded from what was given out */
    SK_ENCODE_END    /* the stream is complete */
} sk_encode_to;

/* How a coding is applied. */
typedef struct sk_encode_ops {
    /* A state for so many bytes, 0 where that is not known; NULL: no memory. */
    void *(*open)(size_t size);
    /* Take from the front of *in, write to *out, which has 8 bytes or more (a flush of zlib ends
     * where some of it is left). SK_CODED_END: it has come as far as it was to go;
     * SK_CODED_MORE: it needs more room, and is called with the same `to` again; SK_CODED_NOMEM. */
    sk_coded (*step)(void *state, skua_str *in, sk_encode_to to, sk_room *out);
    void (*close)(void *state);
} sk_encode_ops;

typedef struct sk_coding {
    const char *name;
    const char *alias; /* another name that is taken for it, or NULL */
    const sk_decode_ops *decode;
} sk_coding;

/* The coding of this name, upper and lower case alike; NULL for one that is not built in. */
const sk_coding *sk_coding_find(skua_str name);
/* The names, separated by ", ". */
const char *sk_coding_names(void);

/* zlib_encode.c */
extern const sk_encode_ops sk_gzip_encode;
/* brotli_encode.c */
extern const sk_encode_ops sk_brotli_encode;
/* zstd_encode.c */
extern const sk_encode_ops sk_zstd_encode;
/* zlib_decode.c */
extern const sk_decode_ops sk_gzip_decode;
extern const sk_decode_ops sk_deflate_decode;
/* brotli_decode.c */
extern const sk_decode_ops sk_brotli_decode;
/* zstd_decode.c */
extern const sk_decode_ops sk_zstd_decode;

#endif
