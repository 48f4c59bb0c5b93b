/* coding/decoder.h - undoing the codings of a Content-Encoding (RFC 9110 8.4), as bytes come.
 *
 * What it takes for whole is what came to an end of its own: a body that is cut short, or that goes
 * on behind the end of its coding, is an error, as it is to curl, whereas browsers show what they
 * have. An empty body decodes to an empty one, as it does to both: servers send such. Behind gzip
 * there may be further members (RFC 1952 2.2) and then zeros, which gzip(1) takes for padding, too;
 * behind a frame of zstd further frames (RFC 8878 3.1).
 *
 * A decoder's memory is bounded whatever comes: 48 KiB for gzip and deflate, 20 MiB for br, 9 MiB
 * for zstd, and 16 KiB between two codings. How much comes out is for the caller to bound. */
#ifndef SK_CODING_DECODER_H
#define SK_CODING_DECODER_H

#include <skua/error.h>
#include <skua/types.h>
#include <stdbool.h>

#define SK_DECODER_CODINGS_MAX 4

typedef struct sk_decoder sk_decoder;

/* What this build can undo, for Accept-Encoding: "gzip, deflate, br, zstd"; "" where nothing. */
const char *sk_decoder_accepts(void);

/* Make one for the value of Content-Encoding, which names codings in the order they were applied:
 * "gzip", "x-gzip", "deflate, gzip". 0 with *out, NULL where there is nothing to undo ("identity",
 * ""); SKUA_E_CONTENT_CODING for one that this build does not know, or for more of them than
 * SK_DECODER_CODINGS_MAX; SKUA_E_NOMEM. */
int sk_decoder_new(skua_str codings, sk_decoder **out, skua_error *err);

/* Feed *in, write up to cap (> 0) bytes to out. Advances *in over what was used; what is left is to
 * be given again, with more behind it or not. Returns how many bytes were written (> 0);
 * SKUA_E_AGAIN: all of *in is used, more is needed; 0: the end, which only at_end brings, since
 * more may always follow; SKUA_E_CONTENT_CODING; SKUA_E_NOMEM. An error stays. at_end: nothing
 * follows *in. What is incomplete then is SKUA_E_CONTENT_CODING. */
ptrdiff_t sk_decoder_read(sk_decoder *d, skua_str *in, bool at_end, void *out, size_t cap,
                          skua_error *err);

void sk_decoder_free(sk_decoder *d);

#endif
