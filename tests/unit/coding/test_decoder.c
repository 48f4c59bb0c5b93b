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

static skua_str text(size_t len) {
    return sample_text(plain_room, len);
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
        skua_str within = encoded(each[i / EACH].how, text(60000), second);
        skua_str in = encoded(each[i % EACH].how, within, coded);
        if (within.len == 0 || in.len == 0)
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

/* Members and frames one behind the other, an empty one among them. */
static void streams_in_a_row_are_one(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        const char *how = each[i].how;
        size_t one = encode(how, SK_LIT("one "), coded);
        if (one == 0)
            continue;
        size_t none = encode(how, SK_LIT(""), coded + one);
        size_t two = encode(how, SK_LIT("two"), coded + one + none);
        skua_str in = {coded, one + none + two};
        for (size_t piece = 1; piece <= in.len; piece++) {
            if (each[i].repeats)
                gives(each[i].name, in, (cut){piece, 2, false}, SK_LIT("one two"));
            else
                refused(each[i].name, in, (cut){piece, 2, false}, SK_LIT("one "), "decode: ");
        }
    }
}

#if SK_HAVE_ZLIB
static void zeros_may_follow_gzip(void **state) {
    (void)state;
    size_t len = encode("gzip", SK_LIT("hello"), coded);
    memset(coded + len, 0, 600);
    gives("gzip", (skua_str){coded, len + 1}, whole, SK_LIT("hello"));
    gives("gzip", (skua_str){coded, len + 600}, whole, SK_LIT("hello"));
    gives("gzip", (skua_str){coded, len + 600}, (cut){1, 1, true}, SK_LIT("hello"));
    coded[len + 599] = 1;
    refused("gzip", (skua_str){coded, len + 600}, whole, SK_LIT("hello"),
            "decode: gzip: more bytes behind its end");
    coded[len + 1] = 31; /* no member behind padding */
    refused("gzip", (skua_str){coded, len + 2}, (cut){1, 1, false}, SK_LIT("hello"),
            "decode: gzip: more bytes behind its end");
    coded[len] = 31; /* a member that breaks off */
    refused("gzip", (skua_str){coded, len + 1}, whole, SK_LIT("hello"), "decode: gzip: cut short");
}

static void a_zlib_stream_may_ask_for_no_dictionary(void **state) {
    (void)state;
    refused("deflate", SK_LIT("\x78\x20\0\0\0\1\3\0\0\0\0\1"), whole, SK_LIT(""),
            "decode: deflate: it needs a dictionary");
}
#endif

/* ---- what is malformed ---- */

static void another_format_is_refused(void **state) {
    (void)state;
    static const skua_str bodies[] = {SK_LIT("<!doctype html><title>404</title>"),
                                      SK_LIT("\xff\xff\xff\xff\xff\xff\xff\xff"),
                                      SK_LIT("PK\3\4\x14\0\0\0\x08\0")};
    for (size_t i = 0; i < EACH; i++) {
        for (size_t k = 0; k < sizeof bodies / sizeof bodies[0]; k++) {
            if (encode(each[i].how, SK_LIT(""), coded) > 0)
                refused(each[i].name, bodies[k], whole, SK_LIT(""), "decode: ");
        }
    }
}

/* Every bit turned: an error, or, where no checksum watches, an end; never more than the format can
 * hold, never a crash. */
static void a_turned_bit_is_survived(void **state) {
    (void)state;
    for (size_t i = 0; i < EACH; i++) {
        skua_str in = encoded(each[i].how, text(200), coded);
        for (size_t bit = 0; bit < in.len * 8; bit++) {
            skua_str out;
            skua_error err;
            coded[bit / 8] = (char)(coded[bit / 8] ^ 1 << bit % 8);
            int rc = decode(each[i].name, in, (cut){5, 4096, false}, &out, &err);
            assert_true(rc == 0 || rc == SKUA_E_CONTENT_CODING);
            coded[bit / 8] = (char)(coded[bit / 8] ^ 1 << bit % 8);
        }
    }
}

#if SK_HAVE_ZLIB
static void what_came_before_the_fault_is_given_out(void **state) {
    (void)state;
    skua_error err;
    skua_str in = encoded("gzip", text(3000), coded), out;
    coded[in.len - 8] ^= 1; /* the CRC */
    assert_int_equal(decode("gzip", in, whole, &out, &err), SKUA_E_CONTENT_CODING);
    assert_int_equal(out.len, 3000);
    assert_string_equal(err.msg, "decode: gzip: incorrect data check");
    coded[in.len - 8] ^= 1;
    coded[in.len - 1] ^= 1; /* the length */
    assert_int_equal(decode("gzip", in, whole, &out, &err), SKUA_E_CONTENT_CODING);
    assert_string_equal(err.msg, "decode: gzip: incorrect length check");
}
#endif

/* ---- what is there to keep us busy ---- */

#if SK_HAVE_ZSTD
static skua_str frame_with_window(int log) {
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_inBuffer from = {"hello", 5, 0};
    ZSTD_outBuffer to = {coded, sizeof coded, 0};
    encode_check(!ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, log)));
    encode_check(!ZSTD_isError(ZSTD_compressStream2(c, &to, &from, ZSTD_e_continue)));
    encode_check(ZSTD_compressStream2(c, &to, &from, ZSTD_e_end) == 0);
    ZSTD_freeCCtx(c);
    return (skua_str){coded, to.pos};
}

static void a_window_above_8_mib_is_refused(void **state) {
    (void)state;
    gives("zstd", frame_with_window(23), whole, SK_LIT("hello"));
    refused("zstd", frame_with_window(24), whole, SK_LIT(""),
            "decode: zstd: Frame requires too much");
}

/* Seen whole or not, with the size of its content told or not. */
static void a_window_is_judged_however_it_comes(void **state) {
    (void)state;
    char frame[] = "\x28\xb5\x2f\xfd\x80\x68\5\0\0\0\x29\0\0hello";
    skua_str in = {frame, sizeof frame - 1};
    gives("zstd", in, whole, SK_LIT("hello"));
    gives("zstd", in, (cut){1, 1, true}, SK_LIT("hello"));
    frame[5] = 0x70;
    refused("zstd", in, whole, SK_LIT(""), "decode: zstd: Frame requires too much");
    refused("zstd", in, (cut){1, 1, true}, SK_LIT(""), "decode: zstd: Frame requires too much");
}

/* The library knows formats older than RFC 8878, by other magic numbers. */
static void an_older_format_is_refused(void **state) {
    (void)state;
    static const char frame[] = "\x28\x27\xb5\x2f\xfd\x80\x70\5\0\x17\x17\x17\x17";
    static const char within[] = "\x28\xb5\x27\xb5\x2f\xfd\x80\x70\5\0\x17\x17\x17\x17";
    const skua_str bodies[] = {
        {frame + 1, sizeof frame - 2}, {frame, sizeof frame - 1}, {within, sizeof within - 1}};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        refused("zstd", bodies[i], whole, SK_LIT(""), "decode: zstd: Unknown frame");
        refused("zstd", bodies[i], (cut){1, 1, true}, SK_LIT(""), "decode: zstd: Unknown frame");
    }
}

/* That of the oldest stands where the head is wrong: what fails is that, and nothing is decoded. */
static void an_older_format_in_a_head_is_none(void **state) {
    (void)state;
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"\x28\xb5\x2f\xfd\xfd\x2f\xb5\x1e\xc0 the rest of it",
         "decode: zstd: Unsupported frame parameter"},
        {"\x28\xb5\x2f\xfd\4\xfd\x2f\xb5\x1e\xc0 the rest of it",
         "decode: zstd: Frame requires too much"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skua_str body = {cases[i].body, strlen(cases[i].body)};
        refused("zstd", body, whole, SK_LIT(""), cases[i].message);
        refused("zstd", body, (cut){1, 1, true}, SK_LIT(""), cases[i].message);
    }
}

static void frames_to_skip_are_skipped(void **state) {
    (void)state;
    char body[64] = "\x52\x2a\x4d\x18\3\0\0\0abc";
    size_t len = encode("zstd", SK_LIT("hello"), coded);
    memcpy(body + 11, coded, len);
    gives("zstd", (skua_str){body, 11 + len}, (cut){1, 1, false}, SK_LIT("hello"));
    gives("zstd", (skua_str){body, 11}, whole, SK_LIT(""));
    refused("zstd", (skua_str){body, 10}, whole, SK_LIT(""), "decode: zstd: cut short");
}
#endif

#if SK_HAVE_ZLIB
/* A thousand bytes for each that came: all of it, a piece at a time. */
static void a_bomb_comes_out_in_pieces(void **state) {
    (void)state;
    static const char zeros[CODED_MAX - 4096];
    skua_str in = encoded("gzip", (skua_str){zeros, sizeof zeros}, coded);
    assert_true(in.len * 900 < sizeof zeros);
    gives("gzip", in, (cut){CODED_MAX, 4096, false}, (skua_str){zeros, sizeof zeros});
}

/* The outer coding makes many bytes of few, of which the inner one makes none. */
static void work_within_a_chain_is_bounded(void **state) {
    (void)state;
    static char inner[3 << 20];
    z_stream z = {0};
    size_t len = encode("gzip", SK_LIT("hello"), coded);
    memcpy(inner, coded, len);
    encode_check(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_out = (Bytef *)coded;
    z.avail_out = CODED_MAX;
    z.next_in = (Bytef *)inner;
    z.avail_in = sizeof inner;
    encode_check(deflate(&z, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&z);
    refused("gzip, gzip", (skua_str){coded, CODED_MAX - z.avail_out}, whole, SK_LIT("hello"),
            "decode: gzip: too much for what came, within another coding");
}
#endif

/* ---- names ---- */

static void nothing_to_undo_is_no_decoder(void **state) {
    (void)state;
    static const char *const none[] = {"", " , ", "identity", "Identity , identity"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        sk_decoder *d = (sk_decoder *)&d;
        assert_int_equal(sk_decoder_new(sk_str(none[i]), &d, NULL), 0);
        assert_null(d);
    }
    sk_decoder_free(NULL);
}

static void an_unknown_coding_is_named(void **state) {
    (void)state;
    static const char *const unknown[] = {"compress", "gzipped", "aws-chunked"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        char codings[64];
        skua_error err;
        sk_decoder *d = NULL;
        snprintf(codings, sizeof codings, "identity, %s", unknown[i]);
        assert_int_equal(sk_decoder_new(sk_str(codings), &d, &err), SKUA_E_CONTENT_CODING);
        assert_null(d);
        assert_int_equal(err.phase, SKUA_PHASE_DECODE);
        assert_non_null(strstr(err.msg, unknown[i]));
        assert_non_null(strstr(err.msg, sk_decoder_accepts()));
    }
}

static void what_is_accepted_is_known(void **state) {
    (void)state;
    skua_str names = sk_str(sk_decoder_accepts()), name;
    int count = 0;
    for (; sk_list_next(&names, &name); count++) {
        sk_decoder *d = NULL;
        assert_int_equal(sk_decoder_new(name, &d, NULL), 0);
        assert_non_null(d);
        sk_decoder_free(d);
    }
    assert_int_equal(count, 2 * SK_HAVE_ZLIB + SK_HAVE_BROTLI + SK_HAVE_ZSTD);
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
        cmocka_unit_test(streams_in_a_row_are_one),
        cmocka_unit_test(another_format_is_refused),
        cmocka_unit_test(a_turned_bit_is_survived),
        cmocka_unit_test(nothing_to_undo_is_no_decoder),
        cmocka_unit_test(an_unknown_coding_is_named),
        cmocka_unit_test(what_is_accepted_is_known),
#if SK_HAVE_ZLIB
        cmocka_unit_test(zeros_may_follow_gzip),
        cmocka_unit_test(a_zlib_stream_may_ask_for_no_dictionary),
        cmocka_unit_test(what_came_before_the_fault_is_given_out),
        cmocka_unit_test(a_bomb_comes_out_in_pieces),
        cmocka_unit_test(work_within_a_chain_is_bounded),
#endif
#if SK_HAVE_ZSTD
        cmocka_unit_test(a_window_above_8_mib_is_refused),
        cmocka_unit_test(a_window_is_judged_however_it_comes),
        cmocka_unit_test(an_older_format_is_refused),
        cmocka_unit_test(an_older_format_in_a_head_is_none),
        cmocka_unit_test(frames_to_skip_are_skipped),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
