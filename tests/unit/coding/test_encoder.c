/* coding/encoder: what each coding makes is what the decoders undo, however input and output are
 * cut; and what was flushed can be read at once. */
#include "base/mem.h"
#include "base/str.h"
#include "coding/decoder.h"
#include "coding/encoder.h"
#include "encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLAIN_MAX 300000

static char plain[PLAIN_MAX], decoded[PLAIN_MAX + 1];

static skua_str text(size_t len) {
    return sample_text(plain, len);
}

/* NULL: this build applies the coding, and cannot undo it. */
static sk_decoder *decoder(const char *name) {
    sk_decoder *d = NULL;
    if (!sk_coding_find(sk_str(name)))
        return NULL;
    assert_int_equal(sk_decoder_new(sk_str(name), &d, NULL), 0);
    assert_non_null(d);
    return d;
}

/* Decode all of `in` behind what `decoded` holds. Returns what the last read came to. */
static ptrdiff_t decode(sk_decoder *d, skua_str in, bool at_end, size_t *len) {
    ptrdiff_t n;
    while ((n = sk_decoder_read(d, &in, at_end, decoded + *len, sizeof decoded - *len, NULL)) > 0)
        *len += (size_t)n;
    return n;
}

static void expect_decoded(const char *name, const sk_buf *coded, skua_str expected) {
    sk_decoder *d = decoder(name);
    size_t len = 0;
    if (!d)
        return;
    assert_int_equal(decode(d, sk_buf_str(coded), true, &len), 0);
    assert_int_equal(len, expected.len);
    assert_memory_equal(decoded, expected.ptr, expected.len);
    sk_decoder_free(d);
}

/* Encode in pieces of this length, each told to go so far. */
static void check(int which, skua_str in, size_t piece, sk_encode_to to, size_t hint) {
    sk_encoder *e = sk_encoder_new(which, hint);
    sk_buf coded = {0};
    skua_str rest = in;
    assert_non_null(e);
    while (rest.len > piece) {
        assert_int_equal(sk_encoder_write(e, (skua_str){rest.ptr, piece}, to, &coded), 0);
        rest = (skua_str){rest.ptr + piece, rest.len - piece};
    }
    assert_int_equal(sk_encoder_write(e, rest, SK_ENCODE_END, &coded), 0);
    sk_encoder_free(e);
    expect_decoded(sk_encoder_names()[which], &coded, in);
    sk_buf_free(&coded);
}

static void the_best_comes_first(void **state) {
    (void)state;
    const char *const *names = sk_encoder_names();
    int n = 0;
    if (SK_HAVE_BROTLIENC)
        assert_string_equal(names[n++], "br");
    if (SK_HAVE_ZSTD)
        assert_string_equal(names[n++], "zstd");
    if (SK_HAVE_ZLIB)
        assert_string_equal(names[n++], "gzip");
    assert_null(names[n]);
}

static void each_size_in_each_piece(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 13, 511, 512, 513, 1000, 65536, PLAIN_MAX};
    static const size_t pieces[] = {7, 4096, 70000, SIZE_MAX};
    for (int which = 0; sk_encoder_names()[which]; which++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (size_t k = 0; k < sizeof pieces / sizeof pieces[0]; k++) {
                if (sizes[i] / pieces[k] > 5000)
                    continue;
                check(which, text(sizes[i]), pieces[k], SK_ENCODE_ON, 0);
                check(which, text(sizes[i]), pieces[k], SK_ENCODE_ON, sizes[i]);
            }
        }
    }
}

static void input_may_be_cut_anywhere(void **state) {
    (void)state;
    skua_str in = text(1600);
    for (int which = 0; sk_encoder_names()[which]; which++) {
        for (size_t piece = 1; piece < in.len; piece += piece < 40 ? 1 : 37) {
            check(which, in, piece, SK_ENCODE_ON, 0);
            check(which, in, piece, SK_ENCODE_FLUSH, in.len);
        }
    }
}

/* More, or less, than was said is coded as well. */
static void the_size_is_only_a_hint(void **state) {
    (void)state;
    for (int which = 0; sk_encoder_names()[which]; which++) {
        check(which, text(100000), 1000, SK_ENCODE_ON, 600);
        check(which, text(100), 10, SK_ENCODE_ON, 100000);
        check(which, text(1000), SIZE_MAX, SK_ENCODE_END, SIZE_MAX);
    }
}

static const struct {
    const char *name;
    const sk_encode_ops *ops;
} each[] = {
#if SK_HAVE_ZLIB
    {"gzip", &sk_gzip_encode},
#endif
#if SK_HAVE_BROTLIENC
    {"br", &sk_brotli_encode},
#endif
#if SK_HAVE_ZSTD
    {"zstd", &sk_zstd_encode},
#endif
    {NULL, NULL},
};

/* Go on until it has come as far as it was to go, in rooms of this size. */
static void step_through(const sk_encode_ops *ops, void *coder, skua_str *in, sk_encode_to to,
                         size_t room, sk_buf *coded) {
    sk_coded came_to = SK_CODED_MORE;
    for (int i = 0; came_to == SK_CODED_MORE; i++) {
        sk_room out = {sk_buf_reserve(coded, room), room};
        assert_non_null(out.ptr);
        came_to = ops->step(coder, in, to, &out);
        sk_buf_commit(coded, room - out.len);
        assert_true(i < 10000);
    }
    assert_int_equal(came_to, SK_CODED_END);
    assert_int_equal(in->len, 0);
}

static void output_may_be_cut_anywhere(void **state) {
    (void)state;
    for (size_t i = 0; each[i].name; i++) {
        for (size_t room = 8; room < 600; room += room < 64 ? 1 : 41) {
            void *coder = each[i].ops->open(0);
            sk_buf coded = {0};
            skua_str whole = text(4000), first = {whole.ptr, 1500}, rest = {whole.ptr + 1500, 2500};
            assert_non_null(coder);
            step_through(each[i].ops, coder, &first, SK_ENCODE_FLUSH, room, &coded);
            step_through(each[i].ops, coder, &rest, SK_ENCODE_ON, room, &coded);
            step_through(each[i].ops, coder, &rest, SK_ENCODE_END, room, &coded);
            each[i].ops->close(coder);
            expect_decoded(each[i].name, &coded, whole);
            sk_buf_free(&coded);
        }
    }
}

static void what_was_flushed_can_be_read_at_once(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 2, 40, 3, 70000, 1, 300};
    for (int which = 0; sk_encoder_names()[which]; which++) {
        sk_decoder *d = decoder(sk_encoder_names()[which]);
        if (!d)
            continue;
        sk_encoder *e = sk_encoder_new(which, 0);
        size_t given = 0, len = 0;
        sk_buf coded = {0};
        text(PLAIN_MAX);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            skua_str in = {plain + given, sizes[i]};
            sk_buf_clear(&coded);
            assert_int_equal(sk_encoder_write(e, in, SK_ENCODE_FLUSH, &coded), 0);
            given += in.len;
            assert_int_equal(decode(d, sk_buf_str(&coded), false, &len), SKUA_E_AGAIN);
            assert_int_equal(len, given);
        }
        /* Flushed twice, and ended with nothing more, it holds the same. */
        sk_buf_clear(&coded);
        assert_int_equal(sk_encoder_write(e, (skua_str){NULL, 0}, SK_ENCODE_FLUSH, &coded), 0);
        assert_int_equal(sk_encoder_write(e, (skua_str){NULL, 0}, SK_ENCODE_END, &coded), 0);
        assert_int_equal(decode(d, sk_buf_str(&coded), true, &len), 0);
        assert_int_equal(len, given);
        assert_memory_equal(decoded, plain, len);
        sk_decoder_free(d);
        sk_encoder_free(e);
        sk_buf_free(&coded);
    }
}

static void text_shrinks(void **state) {
    (void)state;
    for (int which = 0; sk_encoder_names()[which]; which++) {
        sk_encoder *e = sk_encoder_new(which, 440);
        sk_buf coded = {0};
        assert_int_equal(sk_encoder_write(e, (skua_str){text(440).ptr, 440}, SK_ENCODE_END, &coded),
                         0);
        assert_true(sk_buf_len(&coded) < 110);
        sk_encoder_free(e);
        sk_buf_free(&coded);
    }
}

int main(void) {
    sk_encoder_free(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_comes_first),
        cmocka_unit_test(each_size_in_each_piece),
        cmocka_unit_test(input_may_be_cut_anywhere),
        cmocka_unit_test(the_size_is_only_a_hint),
        cmocka_unit_test(output_may_be_cut_anywhere),
        cmocka_unit_test(what_was_flushed_can_be_read_at_once),
        cmocka_unit_test(text_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
