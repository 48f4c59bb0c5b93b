/* skua/types.h - the plain values that every other header speaks in. */
#ifndef SKUA_TYPES_H
#define SKUA_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Mark a function as exported. Everything else in the shared library is hidden. */
#if defined(SKUA_STATIC)
#define SKUA_API
#elif defined(__GNUC__)
#define SKUA_API __attribute__((visibility("default")))
#else
#define SKUA_API
#endif

#if defined(__GNUC__)
#define SKUA_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SKUA_PRINTF(fmt, args)
#endif

#define SKUA_VERSION_MAJOR 0
#define SKUA_VERSION_MINOR 1
#define SKUA_VERSION_PATCH 0
#define SKUA_VERSION       "0.1.0"

/* Well-known ports (RFC 9110 4.2.1, 4.2.2). */
#define SKUA_HTTP_PORT  80
#define SKUA_HTTPS_PORT 443

/* A time-out that never ends. Zero in an option is never "no end": it is the documented default. */
#define SKUA_FOREVER (-1)

/* Make an option struct in place: SKUA_OPTS(skua_conn_opts, .timeout_ms = 5000).
 * The first member of every option struct is its size, so a library newer than the caller knows
 * which fields the caller has. C only: in C++ fill a zeroed struct and set .size. */
#define SKUA_OPTS(type, ...) (&(const type){.size = sizeof(type), __VA_ARGS__})

/* A string of bytes with a length; not terminated unless its source says so. */
typedef struct skua_str {
    const char *ptr;
    size_t len;
} skua_str;

/* The value of a field is a secret: it is masked in traces and dropped when the origin changes. */
#define SKUA_FIELD_SECRET 1u

/* One header or trailer field. Lists of fields end with a field whose name is NULL.
 * Both strings are terminated: neither may hold a NUL (RFC 9110 5.1, 5.5), so nothing is lost. */
typedef struct skua_field {
    const char *name;
    const char *value;
    unsigned flags; /* 0 or SKUA_FIELD_SECRET */
} skua_field;

/* Where time comes from. NULL in an option is the system's monotonic clock; a test gives its own.
 */
typedef struct skua_clock {
    int64_t (*now_ms)(void *user); /* milliseconds since any fixed moment, never going back */
    void *user;
} skua_clock;

/* What an error log is told: this and what is worse. A worker of a server has no more than 50 lines
 * of a level in a second, but of SKUA_LOG_DEBUG; how many were left out stands before the next. */
typedef enum skua_log_level {
    SKUA_LOG_DEFAULT = 0, /* SKUA_LOG_INFO */
    SKUA_LOG_ERROR,       /* the server cannot do what it is for: it lacks memory, descriptors or
                             threads, a loop has failed, a log cannot be written */
    SKUA_LOG_WARN,        /* a reply failed, lines of a log were lost, connections turned away, a
                             certificate was not taken */
    SKUA_LOG_INFO,        /* a client did what it should not: a handshake that failed */
    SKUA_LOG_DEBUG        /* each request that was refused, and each connection that was given up,
                             and why */
} skua_log_level;

/* Name the version of the library that runs, as opposed to SKUA_VERSION, the one compiled against.
 *
 * Returns: a string such as "0.1.0".
 * Owns: the string is static.
 * Thread: any.
 * Since: 0.1 */
SKUA_API const char *skua_version(void);

#ifdef __cplusplus
}
#endif
#endif
