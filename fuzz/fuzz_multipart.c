/* fuzz/fuzz_multipart.c - forms with files: the first line is the Content-Type, the rest the body.
 * A form is the same however its bytes are split, and what it gives out comes from it. */
#include "base/str.h"
#include "multipart_replay.h"

#include <stdlib.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const size_t steps[] = {SIZE_MAX, 1, 2, 7};
    const char *line = size > 0 ? memchr(data, '\n', size) : NULL;
    if (!line)
        return 0;
    skua_str type = {(const char *)data, (size_t)(line - (const char *)data)};
    skua_str body = {line + 1, size - type.len - 1};
    multipart_replay first = {.rc = 0};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        multipart_replay r = {.rc = 0};
        if (sk_multipart_begin(&r.parser, type) != 0)
            return 0;
        multipart_run(&r, body, steps[i] < body.len ? steps[i] : body.len);
        require(r.log.failed || sk_buf_len(&r.log) <= 8 * size);
        if (i == 0) {
            first = r;
            continue;
        }
        require(r.rc == first.rc &&
                sk_multipart_is_whole(&r.parser) == sk_multipart_is_whole(&first.parser));
        require(sk_str_eq(sk_buf_str(&r.log), sk_buf_str(&first.log)));
        sk_buf_free(&r.log);
    }
    sk_buf_free(&first.log);
    return 0;
}
