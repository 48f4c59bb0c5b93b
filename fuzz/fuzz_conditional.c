/* Preconditions. The input is text in lines: entity tag, If-Match, If-None-Match,
 * If-Modified-Since, If-Unmodified-Since; a missing line is an absent field. */
#include "base/str.h"
#include "wire/conditional.h"

#include <stdlib.h>

#define NOW ((int64_t)1700000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

static skua_str take_line(skua_str *text) {
    if (text->len == 0)
        return (skua_str){NULL, 0};
    const char *end = memchr(text->ptr, '\n', text->len);
    skua_str line = {text->ptr, end ? (size_t)(end - text->ptr) : text->len};
    size_t taken = line.len + (end != NULL);
    text->ptr += taken;
    text->len -= taken;
    return line;
}

/* What a list yields is an entity tag by itself too, and there is not more of it than text. */
static void check_list(skua_str list) {
    skua_str rest = list;
    sk_etag tag, again;
    size_t total = 0;
    while (sk_etag_next(&rest, &tag)) {
        require(sk_etag_parse(tag.opaque, &again) && !again.weak);
        require(sk_etag_weak_eq(&tag, &again));
        require(sk_etag_strong_eq(&tag, &again) == !tag.weak);
        total += tag.opaque.len;
        require(total <= list.len && rest.len < list.len);
    }
    require(rest.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    skua_str text = {(const char *)data, size};
    sk_validators v = {.exists = true, .has_modified = true, .modified = 783459811};
    sk_conditions c;
    v.etag = take_line(&text);
    c.if_match = take_line(&text);
    c.if_none_match = take_line(&text);
    c.if_modified_since = take_line(&text);
    c.if_unmodified_since = take_line(&text);

    int read = sk_conditional_evaluate(&c, &v, true, NOW);
    int write = sk_conditional_evaluate(&c, &v, false, NOW);
    require(read == 0 || read == 304 || read == 412);
    require(write == 0 || write == 412);
    /* A failed state fails for all; what only a reader knows already is 304. */
    require(read != 412 || write == 412);
    require(c.if_match.ptr || c.if_unmodified_since.ptr || read != 412);
    require(c.if_none_match.ptr || c.if_modified_since.ptr || read != 304);
    check_list(c.if_match);
    check_list(c.if_none_match);
    return 0;
}
