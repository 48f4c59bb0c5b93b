/* net/tls_openssl_host.c - the host that a certificate must be for: what OpenSSL is told to look
 * for (RFC 9525), and the names that were there instead, in words.
 *
 * The rules are OpenSSL's own, chosen by flags: subjectAltName alone counts, an address only
 * matches an iPAddress, a wildcard is a whole left-most label with two more behind it and stands
 * for one label. What a public suffix is stays unasked (RFC 9525 6.3 leaves it to policy). */
#include "net/tls_openssl.h"

#include "base/fail.h"
#include "base/line.h"
#include "base/str.h"
#include "sys/socket.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define HOST_FLAGS                                                                                 \
    (X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |                  \
     X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS)

/* The name as certificates spell it: without the final dot of an absolute name, without the
 * brackets and the zone of an IPv6 address. */
skua_str sk_tls_host_bare(skua_str h) {
    if (h.len > 1 && h.ptr[0] == '[' && h.ptr[h.len - 1] == ']')
        h = (skua_str){h.ptr + 1, h.len - 2};
    const char *zone = h.len > 0 ? memchr(h.ptr, '%', h.len) : NULL;
    if (zone && memchr(h.ptr, ':', h.len))
        h.len = (size_t)(zone - h.ptr);
    if (h.len > 0 && h.ptr[h.len - 1] == '.')
        h.len--;
    return h;
}

bool sk_tls_host_is_address(const char *host) {
    sk_addr digits;
    return sk_addr_parse(sk_str(host), 0, &digits);
}

/* A name that begins with a dot would stand for every name below it. */
int sk_tls_host_expect(sk_tls *s, skua_error *err) {
    X509_VERIFY_PARAM *p = SSL_get0_param(s->ssl);
    X509_VERIFY_PARAM_set_hostflags(p, HOST_FLAGS);
    bool ok = sk_tls_host_is_address(s->host)
                  ? X509_VERIFY_PARAM_set1_ip_asc(p, s->host) == 1
                  : s->host[0] != '.' && X509_VERIFY_PARAM_set1_host(p, s->host, 0) == 1;
    ERR_clear_error();
    if (ok)
        return 0;
    return sk_fail(err, SKUA_E_INVALID_ARGUMENT, SKUA_PHASE_TLS,
                   "%.100s: not a host name that can be verified", s->host);
}

/* ---- the names of a certificate ---- */

static void add_address(sk_line *l, const ASN1_OCTET_STRING *ip) {
    const unsigned char *b = ASN1_STRING_get0_data(ip);
    int n = 0, len = ASN1_STRING_length(ip);
    char s[48], shown[SK_ADDR_TEXT];
    sk_addr addr;
    if (len == 4)
        n = snprintf(s, sizeof s, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
    for (int i = 0; len == 16 && i < 16; i += 2)
        n += snprintf(s + n, sizeof s - (size_t)n, "%s%x", i ? ":" : "", b[i] << 8 | b[i + 1]);
    /* There and back, for the short form of IPv6: "[::1]:0". */
    if (len == 16 && sk_addr_parse((skua_str){s, (size_t)n}, 0, &addr)) {
        sk_addr_format((const struct sockaddr *)&addr.ss, addr.len, shown);
        sk_line_add(l, "%.*s", (int)strcspn(shown + 1, "]"), shown + 1);
    } else {
        sk_line_add(l, "%.*s", n, s);
    }
}

/* What is not in the spelling of a host name shows: a NUL or an umlaut in it is why it fails. Nor
 * may one name look like two. */
static void add_name(sk_line *l, const ASN1_IA5STRING *name) {
    const unsigned char *p = ASN1_STRING_get0_data(name);
    for (int i = 0; i < ASN1_STRING_length(name) && l->len + 1 < sizeof l->text; i++)
        sk_line_add(l, p[i] > 0x20 && p[i] < 0x7f && p[i] != ',' && p[i] != '\\' ? "%c" : "\\x%02x",
                    p[i]);
}

/* A list that gets too long ends between two names. False: it is at its end. */
static bool add_element(sk_line *l, const sk_line *one) {
    static const char more[] = ", ...";
    bool fits = l->len + 2 + one->len + sizeof more <= sizeof l->text;
    sk_line_add(l, "%s%s", l->len > 0 ? ", " : "", fits ? one->text : "...");
    return fits;
}

sk_line sk_tls_host_names(const X509 *cert) {
    sk_line l = {.len = 0};
    GENERAL_NAMES *names = cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
    bool room = true;
    for (int i = 0; room && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        sk_line one = {.len = 0};
        if (g->type != GEN_DNS && g->type != GEN_IPADD)
            continue;
        if (g->type == GEN_IPADD)
            add_address(&one, g->d.iPAddress);
        else
            add_name(&one, g->d.dNSName);
        room = add_element(&l, &one);
    }
    GENERAL_NAMES_free(names);
    return l;
}

/* ---- which rule a name comes near ---- */

typedef struct near_miss {
    bool wildcard; /* one whose fixed part the host ends in */
    bool address;  /* the host's digits, as a DNS name */
    bool foreign;  /* not in ASCII */
} near_miss;

/* Does the host end in what follows the last wildcard, from that label's end on? */
static bool is_near_wildcard(skua_str host, skua_str name) {
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != '*')
        at--;
    if (at == 0)
        return false;
    while (at < name.len && name.ptr[at] != '.')
        at++;
    skua_str fixed = {name.ptr + at, name.len - at};
    if (host.len + 1 == fixed.len)
        return sk_str_ieq(host, (skua_str){fixed.ptr + 1, host.len});
    return host.len >= fixed.len &&
           sk_str_ieq((skua_str){host.ptr + host.len - fixed.len, fixed.len}, fixed);
}

static near_miss find_near(skua_str host, const X509 *cert) {
    near_miss near = {0};
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type != GEN_DNS)
            continue;
        skua_str name = {(const char *)ASN1_STRING_get0_data(g->d.dNSName),
                         (size_t)ASN1_STRING_length(g->d.dNSName)};
        near.wildcard |= is_near_wildcard(host, name);
        near.address |= sk_str_ieq(host, name);
        for (size_t k = 0; k < name.len; k++)
            near.foreign |= (unsigned char)name.ptr[k] >= 0x80;
    }
    GENERAL_NAMES_free(names);
    return near;
}

void sk_tls_host_mismatch(const char *host, const X509 *cert, sk_line *out) {
    sk_line names = sk_tls_host_names(cert);
    if (names.len == 0) {
        /* RFC 9525 2: the common name is no place for a host's. */
        sk_line_add(out, ": the certificate names no host in its subjectAltName, and its common "
                         "name does not count");
        return;
    }
    near_miss near = find_near(sk_str(host), cert);
    bool address = sk_tls_host_is_address(host);
    sk_line_add(out, ": the certificate is not for this host, it names %.120s%s", names.text,
                names.len > 120 ? "..." : "");
    if (address && near.address)
        sk_line_add(out, "; an address must stand there as IP, not as DNS");
    else if (!address && near.wildcard)
        sk_line_add(out, "; a wildcard is the whole left-most label, has two more behind it, and "
                         "stands for one of letters, digits and hyphens");
    else if (!address && near.foreign)
        sk_line_add(out, "; names stand there in their ASCII form (xn--)");
}
