/* client/response_decode.c - undoing the content coding of a body as it comes, and keeping what
 * that makes of it within bounds.
 *
 * Coded bytes are read off the channel as if there were no coding, so that the connection is free
 * for the next exchange when they have all come, and a transfer that is cut short says just that.
 * Only then is the coding judged: unknown, broken, or ended too early. The coding of a part (206)
 * is undone like any other, which works where the part is the whole or its beginning. */
#include "client/response.h"

#include "base/fail.h"
#include "base/mem.h"
#include "coding/decoder.h"

#include <inttypes.h>

#define PIECE      16384u             /* of coded bytes, received at once */
#define RATIO_FROM ((int64_t)1 << 20) /* decoded bytes that are not measured by what came */

struct sk_decoding {
    const char *coding; /* as skua_response_content_coding gives it */
    int64_t max;        /* decoded bytes; SKUA_FOREVER */
    uint32_t ratio_max;
    sk_decoder *decoder; /* NULL before the first byte has come */
    skua_str coded;      /* of in: not yet decoded */
    bool all_came;
    bool ended;
    int64_t decoded;
    char in[PIECE];
};

/* ---- is there anything to undo? ---- */

/* Write the codings of all Content-Encoding fields to `to` (if it is not NULL), as one list without
 * "identity" (RFC 9110 12.5.3: it is none). Returns how long it is. */
static size_t list_codings(const sk_fields *fields, char *to) {
    const skua_str name = SK_LIT("content-encoding");
    const sk_field *f = sk_fields_find(fields, name);
    size_t len = 0;
    for (; f; f = sk_fields_find_next(fields, f, name)) {
        skua_str rest = f->value, coding;
        while (sk_list_next(&rest, &coding)) {
            if (sk_str_ieq(coding, SK_LIT("identity")))
                continue;
            skua_str between = len > 0 ? SK_LIT(", ") : SK_LIT("");
            if (to) {
                memcpy(to + len, between.ptr, between.len);
                memcpy(to + len + between.len, coding.ptr, coding.len);
            }
            len += between.len + coding.len;
        }
    }
    return len;
}

int sk_response_prepare_decoding(skua_response *r, const sk_head *head, const sk_settings *s) {
    bool has_body = r->body.framing != SK_BODY_NONE && r->body.expected != 0;
    size_t len = s->o.decode && has_body ? list_codings(&head->fields, NULL) : 0;
    if (len == 0)
        return 0;
    sk_decoding *d = sk_arena_alloc(&r->mem, sizeof *d);
    char *coding = sk_arena_alloc(&r->mem, len + 1);
    if (!d || !coding)
        return SKUA_E_NOMEM;
    coding[list_codings(&head->fields, coding)] = '\0';
    d->coding = coding;
    d->max = s->o.decoded_max_bytes;
    d->ratio_max = s->o.decoded_ratio_max;
    d->decoder = NULL;
    d->coded = (skua_str){d->in, 0};
    d->all_came = d->ended = false;
    d->decoded = 0;
    r->decoding = d;
    r->content_length = -1;
    return 0;
}

const char *skua_response_content_coding(const skua_response *r) {
    return r && r->decoding ? r->decoding->coding : "";
}

bool sk_response_decoded(const skua_response *r) {
    return !r->decoding || r->decoding->ended;
}

void sk_response_stop_decoding(skua_response *r) {
    if (r->decoding)
        sk_decoder_free(r->decoding->decoder);
    r->decoding = NULL;
}

/* ---- bounds ---- */

static ptrdiff_t fail_max(skua_response *r) {
    const sk_decoding *d = r->decoding;
    sk_fail(&r->failure, SKUA_E_DECODED_TOO_LARGE, SKUA_PHASE_DECODE,
            "%s: more than %" PRId64 " bytes (decoded_max_bytes), from %" PRId64 " received",
            d->coding, d->max, r->body.received);
    return sk_response_fail(r);
}

/* Count what was decoded, and measure it by what it was decoded from. */
static ptrdiff_t count(skua_response *r, ptrdiff_t n) {
    sk_decoding *d = r->decoding;
    d->decoded += n;
    int64_t from = r->body.received - (int64_t)d->coded.len;
    if (d->decoded <= RATIO_FROM || d->decoded / d->ratio_max <= from)
        return n;
    sk_fail(&r->failure, SKUA_E_DECODED_TOO_LARGE, SKUA_PHASE_DECODE,
            "%s: %" PRId64 " bytes from %" PRId64 ", more than %" PRIu32
            " to 1 (decoded_ratio_max)",
            d->coding, d->decoded, from, d->ratio_max);
    return sk_response_fail(r);
}

/* ---- decoding ---- */

static ptrdiff_t feed(skua_response *r, void *buf, size_t len) {
    sk_decoding *d = r->decoding;
    return sk_decoder_read(d->decoder, &d->coded, d->all_came, buf, len, &r->failure);
}

/* Decode into buf, no further than the bound. A byte beyond it is asked for only to know of it. */
static ptrdiff_t feed_bounded(skua_response *r, void *buf, size_t len) {
    const sk_decoding *d = r->decoding;
    uint64_t left = d->max == SKUA_FOREVER ? UINT64_MAX : (uint64_t)(d->max - d->decoded);
    if (left > 0)
        return feed(r, buf, len < left ? len : (size_t)left);
    char beyond;
    ptrdiff_t n = feed(r, &beyond, 1);
    return n > 0 ? fail_max(r) : n;
}

static int begin(skua_response *r) {
    sk_decoding *d = r->decoding;
    return d->decoder ? 0 : sk_decoder_new(sk_str(d->coding), &d->decoder, &r->failure);
}

/* Decode of what has come: bytes, 0 at the end, SKUA_E_AGAIN, or a failure. */
static ptrdiff_t decode_some(skua_response *r, void *buf, size_t len) {
    sk_decoding *d = r->decoding;
    if (!d->decoder && d->coded.len == 0) /* nothing at all is an empty body in any coding */
        return d->all_came ? 0 : SKUA_E_AGAIN;
    ptrdiff_t n = begin(r);
    if (n == 0)
        n = feed_bounded(r, buf, len);
    if (n > 0)
        return count(r, n);
    return n == 0 || n == SKUA_E_AGAIN || r->failed ? n : sk_response_fail(r);
}

ptrdiff_t sk_response_decode(skua_response *r, void *buf, size_t len) {
    sk_decoding *d = r->decoding;
    while (!d->ended) {
        ptrdiff_t n = decode_some(r, buf, len);
        d->ended = n == 0;
        if (n != SKUA_E_AGAIN)
            return n;
        n = sk_response_receive(r, d->in, sizeof d->in);
        if (n < 0)
            return n;
        d->coded = (skua_str){d->in, (size_t)n};
        d->all_came = n == 0;
    }
    return 0;
}
