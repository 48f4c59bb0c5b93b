/* serve_auth.c - who is let in: Basic authentication (RFC 7617).
 *
 * Passwords of the command line are kept as digests, those of a file are hashes of crypt(3), which
 * take the time of a good part of a frame to check. A guard runs on the loop, so what was found
 * right once is remembered by its digest under a key of this process, and after a wrong password
 * the next that has to be hashed waits for three times as long as that one took: whoever guesses
 * can take up a quarter of one processor. Comparisons look at every byte and at every user, and
 * where a user is unknown a hash is made all the same. */
#include "serve_auth.h"

#include "report.h"
#include "stopwatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#if SERVE_HAVE_CRYPT
#include <crypt.h>
#endif

enum { HEX_BYTES = 65, REMEMBERED = 64, KEY_BYTES = 32, LINE_BYTES = 1024 };

typedef struct hashed_user {
    char *name;
    char *hash; /* behind the name, in the same allocation */
} hashed_user;

typedef struct hashed_users {
    hashed_user *list;
    size_t count;
} hashed_users;

struct serve_auth {
    unsigned char key[KEY_BYTES];
    char (*plain)[HEX_BYTES]; /* digests of USER:PASSWORD */
    size_t plain_count;
    const char *file;     /* of the others; NULL: there are none */
    pthread_mutex_t lock; /* for what follows */
    hashed_users hashed;
    char right[REMEMBERED][HEX_BYTES];
    size_t right_next;
    double hash_again; /* when the next may be hashed, by cli_now_ms */
};

static int digest(const serve_auth *auth, const char *text, char hex[HEX_BYTES]) {
    skua_sha256 *h = skua_sha256_new();
    skua_sha256_update(h, auth->key, sizeof auth->key);
    skua_sha256_update(h, text, strlen(text));
    skua_sha256_final(h, hex);
    return hex[0] ? 0 : -1;
}

/* In a time that depends on the length of `b` alone. */
static int is_same(const char *a, const char *b) {
    size_t a_len = strlen(a), b_len = strlen(b);
    unsigned differ = a_len != b_len;
    for (size_t i = 0; i < b_len; i++)
        differ |= (unsigned)((unsigned char)a[a_len ? i % a_len : 0] ^ (unsigned char)b[i]);
    return differ == 0;
}

/* ---- the file ---- */

#if SERVE_HAVE_CRYPT
/* NULL: it is one that is fine. */
static const char *what_is_wrong(const char *line) {
    const char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return "is not USER:HASH";
    if (crypt_checksalt(colon + 1) != CRYPT_SALT_OK)
        return "has no hash that is safe here: use htpasswd -B, or mkpasswd -m yescrypt";
    return NULL;
}

static int add_user(hashed_users *users, const char *line) {
    char *name = strdup(line);
    hashed_user *list = realloc(users->list, (users->count + 1) * sizeof *list);
    users->list = list ? list : users->list;
    if (!name || !list) {
        free(name);
        return -1;
    }
    char *hash = strchr(name, ':');
    *hash++ = '\0';
    hash[strcspn(hash, ":")] = '\0'; /* some keep a comment there */
    users->list[users->count].name = name;
    users->list[users->count++].hash = hash;
    return 0;
}

static int read_lines(hashed_users *users, FILE *f, const char *path) {
    char line[LINE_BYTES];
    for (int number = 1; fgets(line, sizeof line, f); number++) {
        int is_whole = strchr(line, '\n') || feof(f);
        line[strcspn(line, "\r\n")] = '\0';
        if (!line[0] || line[0] == '#')
            continue;
        const char *wrong = is_whole ? what_is_wrong(line) : "is too long";
        if (wrong) {
            cli_say("serve: --auth-file: %s: line %d %s", path, number, wrong);
            return -1;
        }
        if (add_user(users, line) != 0) {
            cli_say("serve: out of memory");
            return -1;
        }
    }
    explicit_bzero(line, sizeof line);
    if (ferror(f) || users->count == 0) {
        cli_say("serve: --auth-file: %s: %s", path, ferror(f) ? strerror(errno) : "nobody in it");
        return -1;
    }
    return 0;
}

/* Returns 0, or -1 when it was said what is wrong. */
static int read_file(hashed_users *users, const char *path) {
    FILE *f = fopen(path, "re");
    if (!f) {
        cli_say("serve: --auth-file: %s: %s", path, strerror(errno));
        return -1;
    }
    int rc = read_lines(users, f, path);
    fclose(f);
    return rc;
}

/* Is it the password of the user? `text` is USER:PASSWORD. */
static int hash_matches(const serve_auth *auth, const char *text) {
    const char *colon = strchr(text, ':');
    char name[SERVE_AUTH_USER_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)(colon - text), text);
    const char *hash = NULL;
    for (size_t i = 0; i < auth->hashed.count; i++)
        hash = is_same(name, auth->hashed.list[i].name) ? auth->hashed.list[i].hash : hash;
    const char *against = hash ? hash : auth->hashed.list[0].hash;
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *made = data ? crypt_r(colon + 1, against, data) : NULL;
    int matches = made && is_same(made, against) && hash;
    if (data)
        explicit_bzero(data, sizeof *data);
    free(data);
    return matches;
}
#else
static int read_file(hashed_users *users, const char *path) {
    (void)users;
    cli_say("serve: --auth-file: %s: this skua was built without crypt(3)", path);
    return -1;
}

static int hash_matches(const serve_auth *auth, const char *text) {
    (void)auth;
    (void)text;
    return 0;
}
#endif

/* ---- making one ---- */

static void free_users(hashed_users *users) {
    for (size_t i = 0; i < users->count; i++)
        free(users->list[i].name);
    free(users->list);
}

serve_auth *serve_auth_new(const cli_list *users, const char *file) {
    serve_auth *auth = calloc(1, sizeof *auth);
    if (!auth || pthread_mutex_init(&auth->lock, NULL) != 0) {
        free(auth);
        cli_say("serve: out of memory");
        return NULL;
    }
    auth->file = file;
    int rc = getrandom(auth->key, sizeof auth->key, 0) == (ssize_t)sizeof auth->key ? 0 : -1;
    auth->plain = calloc(users->count + 1, sizeof *auth->plain);
    for (size_t i = 0; rc == 0 && auth->plain && i < users->count; i++)
        rc = digest(auth, users->items[i], auth->plain[auth->plain_count++]);
    if (rc || !auth->plain)
        cli_say("serve: out of memory");
    else if (!file || read_file(&auth->hashed, file) == 0)
        return auth;
    serve_auth_free(auth);
    return NULL;
}

void serve_auth_free(serve_auth *auth) {
    if (!auth)
        return;
    free_users(&auth->hashed);
    free(auth->plain);
    pthread_mutex_destroy(&auth->lock);
    explicit_bzero(auth, sizeof *auth);
    free(auth);
}

/* Whoever was right may not be any more. */
void serve_auth_reload(serve_auth *auth) {
    hashed_users users = {0};
    if (read_file(&users, auth->file) != 0) {
        cli_say("passwords stay as they were");
        free_users(&users);
        return;
    }
    size_t count = users.count;
    pthread_mutex_lock(&auth->lock);
    hashed_users old = auth->hashed;
    auth->hashed = users;
    explicit_bzero(auth->right, sizeof auth->right);
    pthread_mutex_unlock(&auth->lock);
    free_users(&old);
    cli_say("passwords were read again: %zu of %s", count, auth->file);
}

/* ---- the guard ---- */

/* Six bits of base64; -1 for what is none. */
static int sextet(char c) {
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* Decode what follows "Basic". Returns 0, or -1 for what is no USER:PASSWORD. */
static int decode(const char *value, char text[SERVE_AUTH_USER_MAX + 1]) {
    size_t len = 0;
    unsigned bits = 0;
    int count = 0, six;
    for (; (six = sextet(*value)) >= 0; value++) {
        bits = bits << 6 | (unsigned)six;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        if (len == SERVE_AUTH_USER_MAX || (bits >> count & 0xff) == 0)
            return -1;
        text[len++] = (char)(bits >> count & 0xff);
    }
    text[len] = '\0';
    value += strspn(value, "=");
    return *value == '\0' && strchr(text, ':') ? 0 : -1;
}

/* The user's place among those that were right takes the lock; so does a hash, since those who wait
 * mostly bring what is being checked: a browser asks on several connections at once.
 *
 * Returns: 0; 401; 429 when it is too early to hash again; 500. */
static int check_hashed(serve_auth *auth, const char *text, const char hex[HEX_BYTES]) {
    int status = 401;
    pthread_mutex_lock(&auth->lock);
    for (size_t i = 0; i < REMEMBERED; i++)
        status = is_same(auth->right[i], hex) ? 0 : status;
    if (status != 0 && cli_now_ms() < auth->hash_again) {
        status = 429;
    } else if (status != 0) {
        double began = cli_now_ms();
        if (hash_matches(auth, text)) {
            memcpy(auth->right[auth->right_next++ % REMEMBERED], hex, HEX_BYTES);
            status = 0;
        } else {
            double now = cli_now_ms();
            auth->hash_again = now + 3 * (now - began);
        }
    }
    pthread_mutex_unlock(&auth->lock);
    return status;
}

static int check(serve_auth *auth, const char *value) {
    char text[SERVE_AUTH_USER_MAX + 1];
    char hex[HEX_BYTES];
    if (!value || strncasecmp(value, "Basic ", 6) != 0)
        return 401;
    value += 6 + strspn(value + 6, " ");
    int status = 401;
    if (decode(value, text) == 0) {
        status = digest(auth, text, hex) == 0 ? 401 : 500;
        for (size_t i = 0; i < auth->plain_count; i++)
            status = is_same(auth->plain[i], hex) ? 0 : status;
        if (status == 401 && auth->file)
            status = check_hashed(auth, text, hex);
    }
    explicit_bzero(text, sizeof text);
    return status;
}

int serve_auth_guard(skua_request *q, skua_reply *a, void *user) {
    int status = check(user, skua_request_header(q, "Authorization"));
    if (status == 0)
        return 0;
    if (status == 401)
        skua_reply_send_header(a, "WWW-Authenticate", "Basic realm=\"skua\", charset=\"UTF-8\"");
    else if (status == 429)
        skua_reply_send_header(a, "Retry-After", "1");
    return skua_reply_send_error(a, status, NULL);
}
