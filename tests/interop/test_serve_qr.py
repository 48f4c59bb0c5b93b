"""The code of `skua serve --qr`, read back as a reader does: format, mask, codewords, text."""

import pathlib
import shutil
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]
CHECKS = {1: 7, 2: 10, 3: 15, 4: 20, 5: 26}  # codewords of level L, ISO/IEC 18004 table 9
TOTAL = {1: 26, 2: 44, 3: 70, 4: 100, 5: 134}
MASKS = [lambda i, j: (i + j) % 2, lambda i, j: i % 2, lambda i, j: j % 3,
         lambda i, j: (i + j) % 3, lambda i, j: (i // 2 + j // 3) % 2,
         lambda i, j: i * j % 2 + i * j % 3, lambda i, j: (i * j % 2 + i * j % 3) % 2,
         lambda i, j: ((i + j) % 2 + i * j % 3) % 2]
FORMATS = ["111011111000100", "111001011110011", "111110110101010", "111100010011101",
           "110011000101111", "110001100011000", "110110001000001", "110100101110110"]
FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]


def read_format(rows):
    size = len(rows)
    one = [rows[8][j] for j in (0, 1, 2, 3, 4, 5, 7, 8)] + [rows[i][8] for i in (7, 5, 4, 3, 2, 1, 0)]
    other = [rows[size - 1 - i][8] for i in range(7)] + [rows[8][size - 8 + j] for j in range(8)]
    assert one == other
    assert rows[size - 8][8] == 1
    return FORMATS.index("".join(map(str, one)))


def is_data(version, i, j):
    size = 17 + 4 * version
    if i == 6 or j == 6 or (i < 9 and j < 9) or (i < 9 and j >= size - 8) or \
            (i >= size - 8 and j < 9):
        return False
    return version == 1 or not (abs(i - size + 7) <= 2 and abs(j - size + 7) <= 2)


def read_codewords(rows, version, mask):
    size, bits, right, upwards = len(rows), [], len(rows) - 1, True
    while right > 0:
        right -= right == 6
        for i in range(size)[::-1 if upwards else 1]:
            bits += [rows[i][j] ^ (MASKS[mask](i, j) == 0) for j in (right, right - 1)
                     if is_data(version, i, j)]
        right, upwards = right - 2, not upwards
    text = "".join(map(str, map(int, bits)))
    return [int(text[8 * i:8 * i + 8], 2) for i in range(TOTAL[version])]


def field():
    power, value = [], 1
    for _ in range(255):
        power.append(value)
        value = value << 1 ^ (0x11d if value & 0x80 else 0)
    return power


def assert_no_error(words, checks):
    """The codewords as a polynomial are zero at each root of the generator."""
    power = field()
    log = {value: i for i, value in enumerate(power)}
    for root in range(checks):
        value = 0
        for word in words:
            value = word ^ (power[(log[value] + root) % 255] if value else 0)
        assert value == 0


def decode(rows):
    version = (len(rows) - 17) // 4
    assert len(rows) == 17 + 4 * version and all(len(row) == len(rows) for row in rows)
    for top, left in ((0, 0), (0, len(rows) - 7), (len(rows) - 7, 0)):
        assert ["".join(map(str, row[left:left + 7])) for row in rows[top:top + 7]] == FINDER
    words = read_codewords(rows, version, read_format(rows))
    assert_no_error(words, CHECKS[version])
    data = "".join(format(word, "08b") for word in words[:-CHECKS[version]])
    assert data[:4] == "0100"
    length = int(data[4:12], 2)
    assert set(words[length + 2:-CHECKS[version]]) <= {0xec, 0x11}
    return bytes(int(data[12 + 8 * i:20 + 8 * i], 2) for i in range(length))


def modules(lines):
    """Of what was drawn, two rows a line, the quiet zone left out."""
    rows = []
    for line in lines:
        rows.append([int(c in " \u2584") for c in line])
        rows.append([int(c in " \u2580") for c in line])
    size = len(lines[0])
    assert not any(rows[0] + rows[3] + rows[size - 1])
    return [row[4:size - 4] for row in rows[4:size - 4]]


def test_b12_qr(serve, site):
    server = serve("--qr", "--bind", "*", site)
    shown = server.wait_for(r"^skua: (the code is of (.*)|serve: --qr: this machine has no .*)$")
    if not shown.group(2):
        pytest.skip("no network here")
    assert "*" not in shown.group(2) and shown.group(2).endswith(":%d/" % server.port)
    lines = [line for line in server.lines if line[0] in " \u2580\u2584\u2588"]
    assert decode(modules(lines)) == shown.group(2).encode()


def test_a_code_of_what_nobody_can_reach(skua, site):
    done = subprocess.run([skua, "serve", "--qr", "-p", "0", str(site)], stderr=subprocess.PIPE,
                          text=True, timeout=30)
    assert done.returncode == 2 and "--qr needs --bind '*'" in done.stderr


def test_b12_codes_of_each_version(tmp_path):
    """The encoder alone, with texts that fill each version and ones that just do not."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    (tmp_path / "main.c").write_text("""
        #include "serve_qr.h"
        #include <stdio.h>
        int main(int argc, char **argv) {
            for (int n = 1; n < argc; n++) {
                serve_qr code;
                if (serve_qr_encode(argv[n], &code) != 0)
                    return 3;
                for (int i = 0; i < code.size; i++) {
                    for (int k = 0; k < code.size; k++)
                        putchar('0' + code.dark[i][k]);
                    putchar('\\n');
                }
                putchar('\\n');
            }
        }""")
    encoder = tmp_path / "encoder"
    subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-I", PROJECT / "cli", "-o", encoder,
                    tmp_path / "main.c", PROJECT / "cli" / "serve_qr.c"], check=True, timeout=120)
    text = "".join(chr(33 + i * 7 % 90) for i in range(107))
    lengths = [0, 1, 16, 17, 18, 32, 33, 53, 54, 78, 79, 106]
    done = subprocess.run([encoder, *[text[:n] for n in lengths]], stdout=subprocess.PIPE,
                          text=True, timeout=30, check=True)
    codes = [[list(map(int, row)) for row in code.split()]
             for code in done.stdout.strip().split("\n\n")]
    assert [decode(rows) for rows in codes] == [text[:n].encode() for n in lengths]
    assert [(len(rows) - 17) // 4 for rows in codes] == [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert subprocess.run([encoder, text]).returncode == 3
