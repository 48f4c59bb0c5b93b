/* server/compression.c - which replies are compressed, and what their heads say of it.
 *
 * Left as it is: what has no body, or is short; what is coded already, or a range, or may be asked
 * for by range; what must not be transformed (RFC 9111 5.2.2.6), or was hashed; types that do not
 * shrink; what comes out of a file. Of the rest the client decides, and Vary says so. */
#include "server/compression.h"

#include "base/str.h"
#include "coding/encoder.h"
#include "server/glob.h"
#include "server/reply_parts.h"
#include "server/router.h"
#include "wire/accept.h"

#include <skua/status.h>

#define MIN_BYTES 1024

static const char *const default_types[] = {"text/*",
                                            "application/json",
                                            "application/javascript",
                                            "application/xml",
                                            "image/svg+xml",
                                            "*+json",
                                            "*+xml",
                                            NULL};

/* ---- options ---- */

static const char *const *copy_types(const char *const *types, sk_arena *arena) {
    size_t count = 0;
    while (types[count])
        count++;
    const char **made = sk_arena_zalloc(arena, (count + 1) * sizeof *made);
    for (size_t i = 0; made && i < count; i++) {
        made[i] = sk_arena_strndup(arena, types[i], strlen(types[i]));
        if (!made[i])
            return NULL;
    }
    return made;
}

const sk_compression *sk_compression_new(const skua_server_opts *o, sk_arena *arena) {
    sk_compression *c = sk_arena_alloc(arena, sizeof *c);
    if (!c)
        return NULL;
    *c = (sk_compression){
        .min_bytes = o->compress_min_bytes > 0 ? (int64_t)o->compress_min_bytes : MIN_BYTES,
        .types = o->compress_types ? copy_types(o->compress_types, arena) : default_types,
    };
    return c->types ? c : NULL;
}

/* ---- fields ---- */

/* The next one behind `after` (NULL: the first); NULL: there is none. */
static skua_field *find(const skua_reply *a, const char *name, const skua_field *after) {
    for (uint32_t i = after ? (uint32_t)(after - a->fields.at) + 1 : 0; i < a->fields.count; i++) {
        if (sk_str_ieq(sk_str(a->fields.at[i].name), sk_str(name)))
            return &a->fields.at[i];
    }
    return NULL;
}

static bool has_token(const skua_reply *a, const char *name, skua_str token) {
    for (const skua_field *f = NULL; (f = find(a, name, f)) != NULL;) {
        if (sk_list_has_token(sk_str(f->value), token))
            return true;
    }
    return false;
}

int64_t sk_compression_length(const skua_reply *a) {
    const skua_field *f = find(a, "Content-Length", NULL);
    int64_t length;
    return f && sk_str_to_int64(sk_str_trim(sk_str(f->value)), &length) ? length : -1;
}

/* Is the framing that was given one that the wire machine refuses? */
static bool is_misframed(const skua_reply *a) {
    const skua_field *f = a->whole ? NULL : find(a, "Content-Length", NULL);
    return f && (sk_compression_length(a) < 0 || find(a, "Content-Length", f) ||
                 find(a, "Transfer-Encoding", NULL));
}

static void drop(skua_reply *a, const char *name) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < a->fields.count; i++) {
        if (!sk_str_ieq(sk_str(a->fields.at[i].name), sk_str(name)))
            a->fields.at[kept++] = a->fields.at[i];
    }
    a->fields.count = kept;
}

/* ---- choosing ---- */

/* Do the fields speak of the body's bytes as they are? */
static bool is_bound(const skua_reply *a) {
    /* RFC 9530 2, 3: the digests are of what is coded; their older forms as well. */
    static const char *const bonds[] = {"Content-Encoding", "Content-Range", "Content-Digest",
                                        "Repr-Digest",      "Digest",        "Content-MD5"};
    for (size_t i = 0; i < sizeof bonds / sizeof bonds[0]; i++) {
        if (find(a, bonds[i], NULL))
            return true;
    }
    return has_token(a, "Accept-Ranges", SK_LIT("bytes")) ||
           has_token(a, "Cache-Control", SK_LIT("no-transform"));
}

static bool is_of_type(const sk_compression *c, const skua_reply *a) {
    const skua_field *f = find(a, "Content-Type", NULL);
    /* RFC 9110 15.4.5: 304 says what 200 would, which may have had any type. */
    if (!f)
        return a->status == SKUA_STATUS_NOT_MODIFIED;
    skua_str type = {f->value, strcspn(f->value, ";")};
    type = sk_str_trim(type);
    for (const char *const *pattern = c->types; *pattern; pattern++) {
        if (sk_glob_takes(*pattern, type))
            return true;
    }
    return false;
}

/* Is it for the client to decide? */
static bool is_negotiable(const skua_reply *a, int64_t length) {
    const sk_exchange *x = sk_exchange_of_reply(a);
    const sk_compression *c = x->callbacks->compression;
    bool opted_out = x->request.route && x->request.route->uncompressed;
    bool empty = a->status == SKUA_STATUS_NO_CONTENT || a->status == SKUA_STATUS_RESET_CONTENT;
    bool is_short = length >= 0 && length < c->min_bytes;
    if (a->status == SKUA_STATUS_NOT_MODIFIED)
        is_short = false;
    return !a->from_file && !opted_out && !empty && a->status != SKUA_STATUS_PARTIAL_CONTENT &&
           !is_short && is_of_type(c, a) && !is_bound(a) && !is_misframed(a);
}

/* RFC 9110 12.5.5 */
static int add_vary(skua_reply *a) {
    skua_field *f = find(a, "Vary", NULL);
    if (!f)
        return skua_reply_send_header(a, "Vary", "Accept-Encoding");
    if (has_token(a, "Vary", SK_LIT("*")) || has_token(a, "Vary", SK_LIT("Accept-Encoding")))
        return 0;
    const char *merged = sk_arena_printf(&sk_exchange_of_reply(a)->arena, "%s%sAccept-Encoding",
                                         f->value, *f->value ? ", " : "");
    if (!merged)
        return sk_reply_latch(a, SKUA_E_NOMEM);
    f->value = merged;
    return 0;
}

int sk_compression_choose(skua_reply *a, int64_t length, int *which) {
    *which = -1;
    if (!is_negotiable(a, length))
        return 0;
    int rc = add_vary(a);
    const char *accepted =
        skua_request_header(&sk_exchange_of_reply(a)->request, "Accept-Encoding");
    if (rc == 0 && accepted && !sk_reply_is_bodiless(a->status))
        *which = sk_accept_best_coding(sk_str(accepted), sk_encoder_names(), 0);
    return rc;
}

/* RFC 9110 8.8.1: a strong validator is of these bytes and no others. */
static int weaken(skua_reply *a) {
    skua_field *f = find(a, "ETag", NULL);
    if (!f || f->value[0] != '"')
        return 0;
    const char *weak = sk_arena_printf(&sk_exchange_of_reply(a)->arena, "W/%s", f->value);
    if (!weak)
        return sk_reply_latch(a, SKUA_E_NOMEM);
    f->value = weak;
    return 0;
}

int sk_compression_declare(skua_reply *a, int which) {
    int rc = weaken(a);
    drop(a, "Content-Length");
    return rc == 0 ? skua_reply_send_header(a, "Content-Encoding", sk_encoder_names()[which]) : rc;
}
