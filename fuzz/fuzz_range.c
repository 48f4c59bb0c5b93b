/* Range and If-Range. The input is text in lines: size, Range, If-Range. */
#include "base/str.h"
#include "wire/range.h"

#include <stdlib.h>

#define NOW ((int64_t)1700000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

static skua_str take_line(skua_str *text) {
    const char *end = text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;
    skua_str line = {text->ptr, end ? (size_t)(end - text->ptr) : text->len};
    size_t taken = line.len + (end != NULL);
    text->ptr += taken;
    text->len -= taken;
    return line;
}

/* Parts lie within the size, and no byte is sent twice. */
static void check_parts(const sk_ranges *r, int64_t size) {
    int64_t sum = 0;
    require(r->count > 0 && r->count <= SK_RANGES_MAX);
    for (int i = 0; i < r->count; i++) {
        require(r->at[i].first >= 0 && r->at[i].len > 0);
        require(r->at[i].len <= size - r->at[i].first);
        require(r->at[i].len <= size - sum);
        sum += r->at[i].len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const sk_validators v = {
        .exists = true, .has_modified = true, .modified = 784111777, .etag = {"\"a\"", 3}};
    skua_str text = {size > 0 ? (const char *)data : "", size};
    int64_t length;
    if (!sk_str_to_int64(take_line(&text), &length))
        return 0;
    skua_str range = take_line(&text), if_range = take_line(&text);
    sk_ranges r;
    if (sk_range_judge(range, length, &r) == SK_RANGE_PARTS)
        check_parts(&r, length);
    if (sk_range_applies(if_range, &v, NOW))
        require(if_range.len >= 3);
    return 0;
}
