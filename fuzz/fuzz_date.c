/* fuzz/fuzz_date.c - dates: what is read can be written and read again.
 *
 * Input: eight bytes of "now", little endian, then a date. */
#include "base/date.h"
#include "base/str.h"

#include <stdlib.h>

static void require(bool holds) {
    if (!holds)
        abort();
}

static void check_round_trip(int64_t t, int64_t now) {
    char out[SK_DATE_LEN], again[SK_DATE_LEN];
    int64_t back;
    sk_date_format(t, out);
    require(sk_date_parse((skua_str){out, SK_DATE_LEN}, now, &back));
    sk_date_format(back, again);
    require(memcmp(out, again, SK_DATE_LEN) == 0);
    if (t >= -INT64_C(62167219200) && t <= INT64_C(253402300799))
        require(back == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 8)
        return 0;
    uint64_t bits = 0;
    for (int i = 7; i >= 0; i--)
        bits = bits << 8 | data[i];
    int64_t now = (int64_t)bits, t = 0;
    check_round_trip(now, 0);
    if (!sk_date_parse((skua_str){(const char *)data + 8, size - 8}, now, &t))
        return 0;
    require(size - 8 >= 24 && size - 8 <= 33); /* asctime; "Wednesday" in RFC 850's form */
    check_round_trip(t, now);
    return 0;
}
