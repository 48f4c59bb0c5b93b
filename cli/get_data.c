/* get_data.c - what -d, --data-raw, --data-binary and --data-urlencode say, joined with "&". */
#include "get.h"

#include "exit_status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int get_bytes_add(get_bytes *b, const void *data, size_t len) {
    size_t needed = b->len + len + 1;
    if (needed > b->cap) {
        size_t cap = needed > b->cap * 2 ? needed : b->cap * 2;
        char *grown = realloc(b->data, cap);
        if (!grown)
            return -1;
        b->data = grown;
        b->cap = cap;
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return 0;
}

void get_bytes_free(get_bytes *b) {
    free(b->data);
    *b = (get_bytes){0};
}

/* ---- ways to add a piece ---- */

typedef int adder(get_bytes *b, const char *data, size_t len);

static int add_as_it_is(get_bytes *b, const char *data, size_t len) {
    return get_bytes_add(b, data, len);
}

/* curl's -d @file leaves out line ends and NULs. */
static int add_stripped(get_bytes *b, const char *data, size_t len) {
    size_t from = 0;
    int rc = 0;
    for (size_t i = 0; i <= len && rc == 0; i++) {
        if (i < len && data[i] != '\r' && data[i] != '\n' && data[i] != '\0')
            continue;
        rc = get_bytes_add(b, data + from, i - from);
        from = i + 1;
    }
    return rc;
}

/* All but RFC 3986's unreserved characters are encoded; a space is a plus, as in forms. */
static int add_encoded(get_bytes *b, const char *data, size_t len) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";
    static const char hex[] = "0123456789ABCDEF";
    int rc = 0;
    for (size_t i = 0; i < len && rc == 0; i++) {
        unsigned char c = (unsigned char)data[i];
        const char escape[] = {'%', hex[c >> 4], hex[c & 15]};
        if (c == ' ')
            rc = get_bytes_add(b, "+", 1);
        else if (c && strchr(plain, c))
            rc = get_bytes_add(b, &data[i], 1);
        else
            rc = get_bytes_add(b, escape, sizeof escape);
    }
    return rc;
}

/* ---- files ---- */

/* An option's file; "-" is standard input. */
typedef struct file {
    const char *path;
    const char *option; /* how messages begin */
} file;

static int add_file(get_bytes *b, file from, adder *add, skua_error *err) {
    const char *path = from.path;
    int is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char piece[16384];
    ssize_t n = fd < 0 ? -1 : 1;
    int status = 0;
    while (n > 0 && !status) {
        do {
            n = read(fd, piece, sizeof piece);
        } while (n < 0 && errno == EINTR);
        if (n >= 0 && add(b, piece, (size_t)n) != 0)
            status = get_no_memory(err);
    }
    if (n < 0) {
        int os_errno = errno;
        char name[256];
        snprintf(name, sizeof name, "get: %s%s", from.option, path);
        status = get_fail_file(err, CLI_EXIT_READ, name, os_errno);
    }
    if (fd >= 0 && !is_stdin)
        close(fd);
    return status;
}

int get_bytes_add_file(get_bytes *b, const char *path, const char *option, skua_error *err) {
    return add_file(b, (file){path, option}, add_as_it_is, err);
}

/* ---- the options ---- */

static int add_text(get_bytes *b, const char *text, adder *add, skua_error *err) {
    return add(b, text, strlen(text)) == 0 ? 0 : get_no_memory(err);
}

/* CONTENT, =CONTENT, NAME=CONTENT, @FILE, NAME@FILE; the name is taken to be encoded already. */
static int add_urlencoded(get_bytes *b, const char *text, skua_error *err) {
    const char *sign = strpbrk(text, "=@");
    if (!sign)
        return add_text(b, text, add_encoded, err);
    size_t name = (size_t)(sign - text);
    if (name > 0 && (get_bytes_add(b, text, name) != 0 || get_bytes_add(b, "=", 1) != 0))
        return get_no_memory(err);
    return *sign == '@' ? add_file(b, (file){sign + 1, "--data-urlencode @"}, add_encoded, err)
                        : add_text(b, sign + 1, add_encoded, err);
}

static int add_item(get_bytes *b, int kind, const char *text, skua_error *err) {
    if (kind == GET_DATA_URLENCODE)
        return add_urlencoded(b, text, err);
    if (kind == GET_DATA_RAW || text[0] != '@')
        return add_text(b, text, add_as_it_is, err);
    return add_file(b, (file){text + 1, "-d @"},
                    kind == GET_DATA_BINARY ? add_as_it_is : add_stripped, err);
}

int get_data_build(get_bytes *data, const get_options *o, skua_error *err) {
    int status = 0;
    for (size_t i = 0; i < o->data.count && !status; i++) {
        status = get_bytes_add(data, "&", i > 0) == 0 ? 0 : get_no_memory(err);
        if (!status)
            status = add_item(data, o->data.items[i].mark, o->data.items[i].text, err);
    }
    return status;
}
