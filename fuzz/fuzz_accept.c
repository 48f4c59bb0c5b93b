/* Accept and Accept-Encoding: the input is the value of either. */
#include "base/str.h"
#include "wire/accept.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const codings[] = {"br", "zstd", "gzip", NULL};
    skua_str field = {(const char *)data, size};
    skua_str json = SK_LIT("application/json"), html = SK_LIT("text/html");
    int best = sk_accept_best_coding(field, codings, 0);
    int identity = sk_accept_coding(field, SK_LIT("identity"));
    require(identity >= 0 && identity <= SK_WEIGHT_MAX);
    for (int i = 0; codings[i]; i++) {
        int weight = sk_accept_coding(field, sk_str(codings[i]));
        require(weight >= 0 && weight <= SK_WEIGHT_MAX);
        /* The chosen one is acceptable, and no other is liked better. */
        require(i != best || (weight > 0 && weight >= identity));
        require(best < 0 || weight <= sk_accept_coding(field, sk_str(codings[best])));
    }
    require(!sk_accept_prefers_type(field, json, json));
    require(!sk_accept_prefers_type(field, json, html) ||
            !sk_accept_prefers_type(field, html, json));
    return 0;
}
