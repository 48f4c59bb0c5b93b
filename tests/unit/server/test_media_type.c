/* The media type of a name. */
#include "base/str.h"
#include "server/media_type.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void known(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"index.html", "text/html; charset=utf-8"},
        {"index.htm", "text/html; charset=utf-8"},
        {"style.css", "text/css; charset=utf-8"},
        {"app.js", "text/javascript; charset=utf-8"},
        {"app.mjs", "text/javascript; charset=utf-8"},
        {"app.min.js", "text/javascript; charset=utf-8"},
        {"app.js.map", "application/json"},
        {"data.json", "application/json"},
        {"app.wasm", "application/wasm"},
        {"README.md", "text/markdown; charset=utf-8"},
        {"a.txt", "text/plain; charset=utf-8"},
        {"a.csv", "text/csv; charset=utf-8"},
        {"a.xml", "application/xml"},
        {"logo.svg", "image/svg+xml"},
        {"a.png", "image/png"},
        {"a.jpg", "image/jpeg"},
        {"a.jpeg", "image/jpeg"},
        {"a.gif", "image/gif"},
        {"a.webp", "image/webp"},
        {"a.avif", "image/avif"},
        {"favicon.ico", "image/vnd.microsoft.icon"},
        {"a.woff2", "font/woff2"},
        {"a.ttf", "font/ttf"},
        {"a.mp4", "video/mp4"},
        {"a.webm", "video/webm"},
        {"a.mp3", "audio/mpeg"},
        {"a.pdf", "application/pdf"},
        {"a.zip", "application/zip"},
        {"a.tar", "application/x-tar"},
        {"a.gz", "application/gzip"},
        {"a.tar.gz", "application/gzip"},
        {"a.tgz", "application/gzip"},
        {"site.webmanifest", "application/manifest+json"},
        {"UPPER.HTML", "text/html; charset=utf-8"},
        {"Mixed.PnG", "image/png"},
        {"dir.d/a.css", "text/css; charset=utf-8"},
        {"a b.c d.txt", "text/plain; charset=utf-8"},
        {"..html", "text/html; charset=utf-8"},
        {"noise?x=.png", "image/png"}, /* a "?" is a byte of a name */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *type = sk_media_type_of(sk_str(cases[i][0]));
        if (!type)
            fail_msg("%s has no type", cases[i][0]);
        assert_string_equal(type, cases[i][1]);
    }
}

static void unknown(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",        ".",          "README",  "a.",
        "a.html.", "a.xyzzy",    "a.html ", "a.webmanifestwebmanifest",
        "html",    "dir.html/a", "a.\xff",  "a.htm\xc5\x82",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (sk_media_type_of(sk_str(cases[i])))
            fail_msg("%s has a type", cases[i]);
    }
    /* The view ends where it ends. */
    assert_null(sk_media_type_of((skua_str){"a.html", 4}));
}

/* What the search relies on, and that each type can go into a field as it is. */
static void table(void **state) {
    (void)state;
    size_t count;
    const sk_media_type *types = sk_media_types(&count);
    assert_true(count >= 90);
    for (size_t i = 0; i < count; i++) {
        char name[64] = "x.";
        strncat(name, types[i].ending, sizeof name - 3);
        assert_ptr_equal(sk_media_type_of(sk_str(name)), types[i].type);
        assert_true(sk_str_is_token(sk_str(types[i].ending)));
        assert_true(sk_str_is_field_value(sk_str(types[i].type)));
        assert_non_null(strchr(types[i].type, '/'));
        if (i > 0 && strcmp(types[i - 1].ending, types[i].ending) >= 0)
            fail_msg("%s and %s are out of order", types[i - 1].ending, types[i].ending);
        bool is_text = strncmp(types[i].type, "text/", 5) == 0;
        assert_int_equal(is_text, strstr(types[i].type, "; charset=utf-8") != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(unknown),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
