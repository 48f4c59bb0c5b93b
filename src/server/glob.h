/* server/glob.h - patterns for the names of files, and of media types. Pure. */
#ifndef SK_SERVER_GLOB_H
#define SK_SERVER_GLOB_H

#include <skua/types.h>
#include <stdbool.h>

/* Does a pattern take in a path ("css/site.css", no "/" at either end)? "*" stands for any run of
 * bytes, "?" for one byte; upper and lower case are alike, as they are in endings. A pattern with a
 * "/" is held against the whole path, one without against what follows its last "/". ".css" is
 * short for "*.css". */
bool sk_glob_takes(const char *pattern, skua_str path);

#endif
