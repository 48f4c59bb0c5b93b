/* coding/decoder: every coding, however input and output are cut; chains; what is refused. */
#include "base/mem.h"
#include "coding/decoder.h"
#include "encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* How a test codes, and what a response calls that. */
static const struct {
    const char *how, *name;
    bool repeats;
} each[] = {
    {"gzip", "gzip", true},    {"gzip", "X-GZip", true}, {"deflate", "deflate", false},
    {"raw", "DEFLATE", false}, {"br", "br", false},      {"zstd", "zstd", true},
};
#define EACH (sizeof each / sizeof each[0])

static char coded[CODED_MAX], second[CODED_MAX], decoded[CODED_MAX], plain_room[300000];

/* How a body is fed and read. */
typedef struct cut {
    size_t in, out;
    bool late; /* the end is told after the last bytes, not with them */
} cut;
static const cut whole = {CODED_MAX, CODED_MAX, false};

static sk_decoder *decoder(const char *codings) {
    sk_decoder *d = NULL;
    skua_error err;
    assert_int_equal(sk_decoder_new(sk_str(codings), &d, &err), 0);
    assert_non_null(d);
    return d;
}

/* Decode all there is into `decoded`. Returns what the last read did: 0 or the error. */
static int decode(const char *codings, skua_str in, cut c, skua_str *out, skua_error *err) {
    sk_decoder *d = decoder(codings);
    size_t len = 0, given = 0;
    bool at_end = false;
    skua_str now = {NULL, 0};
    ptrdiff_t n = SKUA_E_AGAIN;
    while (n == SKUA_E_AGAIN || n > 0) {
        if (n == SKUA_E_AGAIN) {
            assert_int_equal(now.len, 0);
            assert_false(at_end);
            at_end = c.late ? given == in.len : given + c.in >= in.len;
            now.len = in.len - given < c.in ? in.len - given : c.in;
            now.ptr = now.len > 0 ? in.ptr + given : NULL;
            given += now.len;
        }
        size_t cap = c.out < sizeof decoded - len ? c.out : sizeof decoded - len;
        assert_true(cap > 0);
        n = sk_decoder_read(d, &now, at_end, decoded + len, cap, err);
        assert_true(n <= (ptrdiff_t)cap);
        len += n > 0 ? (size_t)n : 0;
    }
    /* The end stays, and so does an error. */
    assert_int_equal(sk_decoder_read(d, &now, true, decoded + len, 1, err), n);
    sk_decoder_free(d);
    *out = (skua_str){decoded, len};
    return (int)n;
}

static void gives(const char *codings, skua_str in, cut c, skua_str plain) {
    skua_error err;
    skua_str out;
    assert_int_equal(decode(codings, in, c, &out, &err), 0);
    assert_int_equal(out.len, plain.len);
    assert_memory_equal(out.ptr, plain.ptr, plain.len);
}

/* Refused with a message that begins with this, after at most the beginning of `plain`. */
static void refused(const char *codings, skua_str in, cut c, skua_str plain, const char *message) {
    skua_error err;
    skua_str out;
    assert_int_equal(decode(codings, in, c, &out, &err), SKUA_E_CONTENT_CODING);
    assert_int_equal(err.code, SKUA_E_CONTENT_CODING);
    assert_int_equal(err.phase, SKUA_PHASE_DECODE);
    assert_true(out.len <= plain.len);
    assert_memory_equal(out.ptr, plain.ptr, out.len);
    if (strncmp(err.msg, message, strlen(message)) != 0)
        assert_string_equal(err.msg, message);
}

static skua_str encoded(const char *how, skua_str plain, char *room) {
    return (skua_str){room, encode(how, plain, room)};
}

/* A text with repetitions near and far, and stretches that do not compress. */
static skua_str text(size_t len) {
    uint32_t random = 1;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        bool noise = (i >> 9) % 3 == 2;
        plain_room[i] = noise ? (char)(random >> 24) : "All work and no play. "[i % 22];
    }
    return (skua_str){plain_room, len};
}

/* ---- each coding ---- */

static void each_size_decodes(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 13, 1000, 65536, sizeof plain_room};
    for (size_t i = 0; i < EACH; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            skua_str in = encoded(each[i].how, text(sizes[k]), coded);
            if (in.len > 0)
                gives(each[i].name, in, whole, text(sizes[k]));
        }
    }
}

static void input_and_output_may_be_cut_anywhere(void **state) {
    (void)state;
    static const size_t cuts[] = {1, 2, 3, 7, 64, CODED_MAX};
    const size_t count = sizeof cuts / sizeof cuts[0];
    for (size_t i = 0; i < EACH * count * count; i++) {
        size_t which = i / count / count;
        cut c = {cuts[i / count % count], cuts[i % count], i % 2 == 1};
        skua_str in = encoded(each[which].how, text(5000), coded);
        if (in.len > 0)
            gives(each[which].name, in, c, text(5000));
    }
}

static void input_may_be_cut_in_two_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        skua_str in = encoded(each[i].how, text(700), coded);
        for (size_t at = 1; at < in.len; at++)
            gives(each[i].name, in, (cut){at, 100, false}, text(700));
    }
}

/* As the formats' descriptions have them, whatever an encoder does today. */
static void written_by_hand(void **state) {
    (void)state;
    static const struct {
        const char *name;
        skua_str coded;
    } vectors[] = {
        /* a stored block; FNAME, FCOMMENT and FHCRC in front, a wrong MTIME and OS */
        {"gzip", SK_LIT("\x1f\x8b\x08\x1a\1\2\3\4\0\xfd"
                        "a.txt\0"
                        "why\0"
                        "\x77\x16"
                        "\1\5\0\xfa\xffhello\x86\xa6\x10\x36\5\0\0\0")},
        {"deflate", SK_LIT("\x78\x01\1\5\0\xfa\xffhello\x06\x2c\x02\x15")},
        {"deflate", SK_LIT("\1\5\0\xfa\xffhello")},
        {"br", SK_LIT("\x0b\x02\x80hello\x03")},
        /* a raw block in a frame of one segment, without a checksum */
        {"zstd", SK_LIT("\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello")},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        if (strstr(sk_decoder_accepts(), vectors[i].name))
            gives(vectors[i].name, vectors[i].coded, whole, SK_LIT("hello"));
    }
}

/* ---- chains ---- */

static void codings_are_undone_in_reverse(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH * EACH; i++) {
        char codings[32];
        snprintf(codings, sizeof codings, "%s, %s", each[i / EACH].name, each[i % EACH].name);
        skua_str in =
            encoded(each[i % EACH].how, encoded(each[i / EACH].how, text(60000), second), coded);
        if (in.len == 0)
            continue;
        gives(codings, in, whole, text(60000));
        gives(codings, in, (cut){1, 4096, true}, text(60000));
        gives(codings, in, (cut){4096, 1, false}, text(60000));
    }
}

static void four_codings_and_no_more(void **state) {
    (void)state;
    skua_str in = text(1000);
    for (int i = 0; i < SK_DECODER_CODINGS_MAX; i++)
        in = encoded("gzip", in, i % 2 == 0 ? coded : second);
    if (in.len > 0)
        gives("gzip,gzip , identity,\tgzip,,gzip", in, (cut){7, 11, false}, text(1000));
}

/* ---- where a body ends ---- */

static void an_empty_body_is_empty(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        if (encode(each[i].how, SK_LIT(""), coded) == 0)
            continue;
        char codings[32];
        snprintf(codings, sizeof codings, "%s, %s", each[i].name, each[i].name);
        gives(each[i].name, SK_LIT(""), whole, SK_LIT(""));
        gives(codings, SK_LIT(""), (cut){1, 1, true}, SK_LIT(""));
    }
}

static void what_is_cut_short_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        skua_str in = encoded(each[i].how, text(3000), coded);
        char message[64];
        snprintf(message, sizeof message, "decode: %s: cut short",
                 strcmp(each[i].how, "raw") == 0    ? "deflate"
                 : strcmp(each[i].how, "gzip") == 0 ? "gzip"
                                                    : each[i].name);
        for (size_t len = 1; len < in.len; len++)
            refused(each[i].name, (skua_str){in.ptr, len}, (cut){500, 500, len % 2 == 0},
                    text(3000), message);
    }
}

static void what_follows_the_end_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        skua_str in = encoded(each[i].how, text(3000), coded);
        if (in.len == 0)
            continue;
        coded[in.len] = 'x';
        in.len++;
        refused(each[i].name, in, whole, text(3000), "decode: ");
        refused(each[i].name, in, (cut){1, 1, true}, text(3000), "decode: ");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_size_decodes),
        cmocka_unit_test(input_and_output_may_be_cut_anywhere),
        cmocka_unit_test(input_may_be_cut_in_two_anywhere),
        cmocka_unit_test(written_by_hand),
        cmocka_unit_test(codings_are_undone_in_reverse),
        cmocka_unit_test(four_codings_and_no_more),
        cmocka_unit_test(an_empty_body_is_empty),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(what_follows_the_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
