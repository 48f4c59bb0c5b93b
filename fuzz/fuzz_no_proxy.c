/* Lists of hosts that need no proxy: what covers a host stands in the list, and covers it alone.
 *
 * Input: a host, a line feed, a list. */
#include "base/str.h"
#include "client/no_proxy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

static bool holds_separator(skua_str s) {
    return memchr(s.ptr, ',', s.len) || memchr(s.ptr, ' ', s.len) || memchr(s.ptr, '\t', s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    const char *line_end = size > 0 ? memchr(text, '\n', size) : NULL;
    if (!line_end)
        return 0;
    skua_str host = {text, (size_t)(line_end - text)};
    skua_str list = {line_end + 1, size - host.len - 1};
    skua_str entry = sk_no_proxy_find(list, host, 80);
    if (!entry.ptr)
        return 0;
    require(entry.ptr >= list.ptr && entry.ptr + entry.len <= list.ptr + list.len);
    require(entry.len > 0 && !holds_separator(entry));
    skua_str again = sk_no_proxy_find(entry, host, 80);
    require(again.ptr == entry.ptr && again.len == entry.len);
    return 0;
}
