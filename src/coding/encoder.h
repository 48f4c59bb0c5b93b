/* coding/encoder.h - applying a content coding (RFC 9110 8.4) to a body as it is made.
 *
 * The levels are for replies that are made as they are asked for: much of what there is to gain,
 * for little time. The windows stay small, so that a stream that is held open for hours costs
 * little: up to 280 KiB for gzip, 3 MiB for br, 1.7 MiB for zstd; for a short body of known length
 * far less. */
#ifndef SK_CODING_ENCODER_H
#define SK_CODING_ENCODER_H

#include "base/buf.h"
#include "coding/coding.h"

typedef struct sk_encoder sk_encoder;

/* The names of what this build can apply, NULL-terminated, the one that is best for text first:
 * "br", "zstd", "gzip". */
const char *const *sk_encoder_names(void);

/* Make one, by the name's place in that list, for a body of so many bytes, 0 where that is not
 * known. NULL: no memory. */
sk_encoder *sk_encoder_new(int which, size_t size);

/* Code `in`, and append what comes of it to `out`. Nothing follows SK_ENCODE_END. 0 or
 * SKUA_E_NOMEM, after which the encoder is of no more use. */
int sk_encoder_write(sk_encoder *e, skua_str in, sk_encode_to to, sk_buf *out);

void sk_encoder_free(sk_encoder *e);

#endif
