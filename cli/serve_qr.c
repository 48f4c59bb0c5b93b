/* serve_qr.c - a QR code of a short text (ISO/IEC 18004): byte mode, error correction level L,
 * versions 1 to 5. These have one block of codewords, one alignment pattern at the most and no
 * version field, and hold 106 bytes: more than the URL of an address takes. */
#include "serve_qr.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { VERSIONS = 5, CODEWORDS_MAX = 134, CHECKS_MAX = 26, MASKS = 8 };

static const struct {
    int data;   /* codewords */
    int checks; /* codewords of error correction behind them */
} versions[VERSIONS + 1] = {{0, 0}, {19, 7}, {34, 10}, {55, 15}, {80, 20}, {108, 26}};

/* A code being drawn. */
typedef struct drawing {
    serve_qr *code;
    unsigned char fixed[SERVE_QR_SIZE_MAX][SERVE_QR_SIZE_MAX]; /* holds no data */
} drawing;

/* ---- codewords ---- */

/* In the field of 256 elements modulo x^8 + x^4 + x^3 + x^2 + 1. */
static uint8_t multiply(uint8_t a, uint8_t b) {
    unsigned product = 0;
    for (int i = 7; i >= 0; i--) {
        product = product << 1 ^ (product >> 7) * 0x11d;
        product ^= (unsigned)(b >> i & 1) * a;
    }
    return (uint8_t)product;
}

/* The remainder of the data as a polynomial, divided by (x - 1)(x - 2)(x - 4)..., into the zeros
 * behind it. */
static void put_checks(uint8_t *words, int data, int checks) {
    uint8_t divisor[CHECKS_MAX] = {0};
    uint8_t *rest = words + data;
    uint8_t root = 1;
    divisor[checks - 1] = 1;
    for (int i = 0; i < checks; i++, root = multiply(root, 2)) {
        for (int k = 0; k < checks; k++)
            divisor[k] =
                (uint8_t)(multiply(divisor[k], root) ^ (k + 1 < checks ? divisor[k + 1] : 0));
    }
    for (int i = 0; i < data; i++) {
        uint8_t factor = words[i] ^ rest[0];
        memmove(rest, rest + 1, (size_t)checks - 1);
        rest[checks - 1] = 0;
        for (int k = 0; k < checks; k++)
            rest[k] ^= multiply(divisor[k], factor);
    }
}

/* Into zeros. Mode 4 and the length take 12 bits, so that each byte lies across two codewords. */
static void put_data(uint8_t *words, int data, const char *text, size_t len) {
    words[0] = (uint8_t)(0x40 | len >> 4);
    words[1] = (uint8_t)(len << 4);
    for (size_t i = 0; i < len; i++) {
        words[i + 1] |= (uint8_t)((unsigned char)text[i] >> 4);
        words[i + 2] = (uint8_t)((unsigned char)text[i] << 4);
    }
    for (int i = (int)len + 2, pad = 0xec; i < data; i++, pad ^= 0xec ^ 0x11)
        words[i] = (uint8_t)pad;
}

/* ---- patterns ---- */

static void fix(drawing *d, int row, int column, int dark) {
    if (row < 0 || column < 0 || row >= d->code->size || column >= d->code->size)
        return;
    d->code->dark[row][column] = (unsigned char)(dark != 0);
    d->fixed[row][column] = 1;
}

static int farther(int a, int b) {
    return abs(a) > abs(b) ? abs(a) : abs(b);
}

/* Squares around a centre, of which some are light: bit i is the one at distance i. */
static void fix_squares(drawing *d, int row, int column, int radius, unsigned light) {
    for (int i = -radius; i <= radius; i++) {
        for (int k = -radius; k <= radius; k++)
            fix(d, row + i, column + k, !(light >> farther(i, k) & 1U));
    }
}

static void fix_patterns(drawing *d, int version) {
    int last = d->code->size - 1;
    for (int i = 0; i <= last; i++) {
        fix(d, 6, i, i % 2 == 0);
        fix(d, i, 6, i % 2 == 0);
    }
    fix_squares(d, 3, 3, 4, 1U << 2 | 1U << 4);
    fix_squares(d, 3, last - 3, 4, 1U << 2 | 1U << 4);
    fix_squares(d, last - 3, 3, 4, 1U << 2 | 1U << 4);
    if (version > 1)
        fix_squares(d, last - 6, last - 6, 2, 1U << 1);
}

/* Level and mask with their check bits, twice, and the module that is always dark. */
static void fix_format(drawing *d, int mask) {
    int last = d->code->size - 1;
    unsigned data = 1U << 3 | (unsigned)mask;
    unsigned rest = data;
    for (int i = 0; i < 10; i++)
        rest = rest << 1 ^ (rest >> 9) * 0x537;
    unsigned bits = (data << 10 | rest) ^ 0x5412;
    for (int i = 0; i < 15; i++) {
        int dark = (int)(bits >> i & 1U);
        int skipped = i >= 6; /* the timing patterns lie between */
        if (i < 8) {
            fix(d, i + skipped, 8, dark);
            fix(d, 8, last - i, dark);
        } else {
            fix(d, 8, i == 8 ? 7 : 14 - i, dark);
            fix(d, last - 14 + i, 8, dark);
        }
    }
    fix(d, last - 7, 8, 1);
}

/* In columns of two modules from the right to the left, upwards and downwards in turn. */
static void place(drawing *d, const uint8_t *words, int count) {
    int size = d->code->size;
    int bit = 0;
    for (int right = size - 1, up = 1; right > 0; right -= 2, up = !up) {
        right -= right == 6; /* a timing pattern */
        for (int i = 0; i < 2 * size; i++) {
            int row = up ? size - 1 - i / 2 : i / 2;
            int column = right - i % 2;
            if (d->fixed[row][column] || bit == 8 * count)
                continue;
            d->code->dark[row][column] = words[bit / 8] >> (7 - bit % 8) & 1;
            bit++;
        }
    }
}

/* ---- masks ---- */

static int is_masked(int mask, int i, int k) {
    const int zero[MASKS] = {
        (i + k) % 2,
        i % 2,
        k % 3,
        (i + k) % 3,
        (i / 2 + k / 3) % 2,
        i * k % 2 + i * k % 3,
        (i * k % 2 + i * k % 3) % 2,
        ((i + k) % 2 + i * k % 3) % 2,
    };
    return zero[mask] == 0;
}

/* Doing it twice undoes it. */
static void apply_mask(drawing *d, int mask) {
    for (int i = 0; i < d->code->size; i++) {
        for (int k = 0; k < d->code->size; k++) {
            if (!d->fixed[i][k] && is_masked(mask, i, k))
                d->code->dark[i][k] ^= 1;
        }
    }
}

/* What may mislead a reader in a line: runs of five and more, and what looks like a finder. */
static int rate_line(const unsigned char *at, int step, int size) {
    int points = 0, run = 0;
    unsigned seen = 0;
    for (int i = 0; i < size; i++, at += step) {
        run = i > 0 && *at == *(at - step) ? run + 1 : 1;
        points += run == 5 ? 3 : run > 5;
        seen = (seen << 1 | *at) & 0x7ff;
        if (i >= 10 && (seen == 0x05d || seen == 0x5d0))
            points += 40;
    }
    return points;
}

static int rate(const serve_qr *code) {
    int size = code->size, points = 0, dark = 0;
    for (int i = 0; i < size; i++) {
        points += rate_line(code->dark[i], 1, size);
        points += rate_line(&code->dark[0][i], SERVE_QR_SIZE_MAX, size);
        for (int k = 0; k < size; k++) {
            dark += code->dark[i][k];
            if (i > 0 && k > 0 &&
                code->dark[i][k] + code->dark[i - 1][k] + code->dark[i][k - 1] +
                        code->dark[i - 1][k - 1] ==
                    4 * code->dark[i][k])
                points += 3;
        }
    }
    return points + 10 * (abs(20 * dark - 10 * size * size) / (size * size));
}

int serve_qr_encode(const char *text, serve_qr *out) {
    uint8_t words[CODEWORDS_MAX] = {0};
    size_t len = strlen(text);
    int version = 1;
    while (version <= VERSIONS && (int)len > versions[version].data - 2)
        version++;
    if (len > SERVE_QR_TEXT_MAX)
        return -1;
    int data = versions[version].data, checks = versions[version].checks;
    put_data(words, data, text, len);
    put_checks(words, data, checks);
    *out = (serve_qr){.size = 17 + 4 * version};
    drawing d = {.code = out};
    fix_patterns(&d, version);
    fix_format(&d, 0);
    place(&d, words, data + checks);
    int best = 0, least = INT_MAX;
    for (int mask = 0; mask < MASKS; mask++) {
        apply_mask(&d, mask);
        fix_format(&d, mask);
        int points = rate(out);
        if (points < least) {
            least = points;
            best = mask;
        }
        apply_mask(&d, mask);
    }
    apply_mask(&d, best);
    fix_format(&d, best);
    return 0;
}
