/* The page of a directory: order, escaping, links, and the policy that goes with it. */
#include "base/str.h"
#include "server/listing.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The page as a string, which the caller frees with the buffer. */
static const char *page(sk_buf *out, sk_directory *d, const char *mount, const char *path) {
    const sk_listing l = {.directory = d, .mount = sk_str(mount), .path = sk_str(path)};
    sk_listing_sort(d, l.order);
    sk_listing_append_html(out, &l);
    sk_buf_append(out, "", 1);
    assert_false(out->failed);
    return sk_buf_head(out);
}

static void assert_holds(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_holds_not(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

static void order(void **state) {
    (void)state;
    sk_dir_entry entries[] = {
        {"b.txt", 1, 0, false}, {"Zoo", 0, 0, true},   {"a.txt", 1, 0, false},
        {"B.txt", 1, 0, false}, {"alpha", 0, 0, true}, {"\xc3\xa4", 1, 0, false},
        {"a", 1, 0, false},     {"10", 1, 0, false},
    };
    static const char *const sorted[] = {"alpha", "Zoo",   "10",    "a",
                                         "a.txt", "B.txt", "b.txt", "\xc3\xa4"};
    sk_directory d = {entries, COUNT(entries), false};
    sk_listing_sort(&d, (sk_listing_order){SK_LISTING_NAME, false});
    for (size_t i = 0; i < COUNT(sorted); i++)
        assert_string_equal(d.entries[i].name, sorted[i]);
    sk_listing_sort(&(sk_directory){0}, (sk_listing_order){SK_LISTING_DATE, true});
}

static void escaping(void **state) {
    (void)state;
    sk_dir_entry entries[] = {
        {"<img src=x onerror=alert(1)>", 1, 0, false},
        {"\" onclick=\"x", 1, 0, false},
        {"it's & co", 1, 0, true},
        {"javascript:alert(1)", 1, 0, false},
        {"50%25?#", 1, 0, false},
        {"line\nend", 1, 0, false},
    };
    sk_directory d = {entries, COUNT(entries), false};
    sk_buf out = {0};
    const char *html = page(&out, &d, "/<m>/", "<p>&/\"q\"");
    assert_holds(html, ">&lt;img src=x onerror=alert(1)&gt;</a>");
    assert_holds(html, "href=\"%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E\"");
    assert_holds(html, "href=\"%22%20onclick%3D%22x\">&quot; onclick=&quot;x</a>");
    assert_holds(html, "href=\"it%27s%20%26%20co/\">it&#39;s &amp; co/</a>");
    assert_holds(html, "href=\"javascript%3Aalert%281%29\"");
    assert_holds(html, "href=\"50%2525%3F%23\">50%25?#</a>");
    assert_holds(html, "href=\"line%0Aend\"");
    assert_holds(html, "<title>/&lt;m&gt;/&lt;p&gt;&amp;/&quot;q&quot;/</title>");
    assert_holds(html, ">&lt;p&gt;&amp;</a>");
    assert_holds(html, ">&quot;q&quot;</a>");
    assert_holds_not(html, "<img");
    assert_holds_not(html, "<script");
    assert_holds_not(html, "<m>");
    sk_buf_free(&out);
}

static void columns(void **state) {
    (void)state;
    static const struct {
        int64_t size;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {1048575, "1023.9 KiB"},
        {1048576, "1.0 MiB"},
        {5368709120, "5.0 GiB"},
        {INT64_C(1) << 40, "1.0 TiB"},
        {INT64_C(1) << 50, "1.0 PiB"},
        {INT64_MAX, "7.9 EiB"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sk_dir_entry entry = {"f", cases[i].size, 784111777, false};
        sk_directory d = {&entry, 1, false};
        sk_buf out = {0};
        const char *html = page(&out, &d, "/", "");
        char cell[64];
        snprintf(cell, sizeof cell, "<td class=\"n\">%s</td>", cases[i].text);
        assert_holds(html, cell);
        assert_holds(html, "<td class=\"n t\">06 Nov 1994 08:49</td>");
        sk_buf_free(&out);
    }
}

static void directory_has_no_size(void **state) {
    (void)state;
    sk_dir_entry entry = {"sub", 4096, 784111777, true};
    sk_directory d = {&entry, 1, false};
    sk_buf out = {0};
    const char *html = page(&out, &d, "/", "");
    assert_holds(html, "<a href=\"sub/\">sub/</a></td><td class=\"n\"></td>");
    assert_holds(html, "1 directory, 0 files<");
    sk_buf_free(&out);
}

/* All links are relative to the page, and each step leads as far up as it stands left. */
static void heading(void **state) {
    (void)state;
    sk_directory d = {0};
    sk_buf out = {0};
    const char *html = page(&out, &d, "/static/", "a b/c/d");
    assert_holds(html, "<a href=\"../../../\">/static/</a><a href=\"../../\">a b</a>/"
                       "<a href=\"../\">c</a>/<a href=\"./\" aria-current=\"page\">d</a>/</nav>");
    assert_holds(html, "<a href=\"../\">../</a>");
    assert_holds(html, "<title>/static/a b/c/d/</title>");
    assert_holds(html, "0 directories, 0 files<");
    assert_holds_not(html, "href=\"/");
    sk_buf_free(&out);
}

static void heading_of_the_root(void **state) {
    (void)state;
    sk_directory d = {0};
    sk_buf out = {0};
    const char *html = page(&out, &d, "/", "");
    assert_holds(html, "<a href=\"./\" aria-current=\"page\">/</a></nav>");
    assert_holds(html, "<title>/</title>");
    assert_holds_not(html, "../");
    sk_buf_free(&out);
}

static void cut_is_said(void **state) {
    (void)state;
    sk_dir_entry entry = {"f", 1, 0, false};
    sk_directory d = {&entry, 1, true};
    sk_buf out = {0};
    assert_holds(page(&out, &d, "/", ""), "not all of it is shown");
    sk_buf_free(&out);
    d.cut = false;
    assert_holds_not(page(&out, &d, "/", ""), "not all of it is shown");
    sk_buf_free(&out);
}

/* It goes to the page's own URL, and is there only where it is asked for. */
static void form(void **state) {
    (void)state;
    sk_directory d = {0};
    sk_buf out = {0};
    assert_holds_not(page(&out, &d, "/", ""), "<form");
    sk_buf_free(&out);
    const sk_listing l = {.directory = &d, .mount = SK_LIT("/"), .form = true};
    sk_listing_append_html(&out, &l);
    sk_buf_append(&out, "", 1);
    const char *html = sk_buf_head(&out);
    assert_holds(html, "<form method=\"post\" enctype=\"multipart/form-data\">");
    assert_holds(html, "<input type=\"file\" name=\"file\" multiple required>");
    assert_holds_not(html, "action=");
    sk_buf_free(&out);
}

/* A browser drops a style sheet whose hash is not the one in the policy. */
static void policy_names_the_style(void **state) {
    (void)state;
    sk_directory d = {0};
    sk_buf out = {0};
    const char *html = page(&out, &d, "/", "");
    const char *style = strstr(html, "<style>");
    assert_non_null(style);
    style += strlen("<style>");
    const char *end = strstr(style, "</style>");
    assert_non_null(end);
    unsigned char digest[EVP_MAX_MD_SIZE], base64[4 * EVP_MAX_MD_SIZE];
    unsigned len = 0;
    assert_int_equal(EVP_Digest(style, (size_t)(end - style), digest, &len, EVP_sha256(), NULL), 1);
    EVP_EncodeBlock(base64, digest, (int)len);
    char source[512];
    snprintf(source, sizeof source, "style-src 'sha256-%s'", (const char *)base64);
    for (int form = 0; form <= 1; form++) {
        const char *policy = sk_listing_policy(form);
        assert_holds(policy, source);
        assert_holds(policy, "default-src 'none'");
        assert_holds(policy, form ? "form-action 'self'" : "form-action 'none'");
        assert_true(sk_str_is_field_value(sk_str(policy)));
    }
    /* Styles in attributes would need another hash. */
    assert_holds_not(html, " style=");
    sk_buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(escaping),
        cmocka_unit_test(columns),
        cmocka_unit_test(directory_has_no_size),
        cmocka_unit_test(heading),
        cmocka_unit_test(heading_of_the_root),
        cmocka_unit_test(cut_is_said),
        cmocka_unit_test(form),
        cmocka_unit_test(policy_names_the_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
