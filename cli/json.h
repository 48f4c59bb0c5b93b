/* json.h - writing JSON (RFC 8259), one value after the other. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdint.h>
#include <stdio.h>

/* Where in a document the writer stands. Commas and indentation are its business. */
typedef struct cli_json {
    FILE *out;
    int depth;
    int first; /* nothing yet in the innermost list or object */
    int keyed; /* a key was written, its value is due */
    int flat;  /* all of it on one line, and no line end behind it */
} cli_json;

void cli_json_begin(cli_json *j, FILE *out);
/* The same, without any white space. */
void cli_json_begin_line(cli_json *j, FILE *out);
/* bracket: '{' or '[', and the closing one to match. */
void cli_json_open(cli_json *j, char bracket);
void cli_json_close(cli_json *j, char bracket);
void cli_json_key(cli_json *j, const char *key);
void cli_json_integer(cli_json *j, int64_t value);
void cli_json_decimal(cli_json *j, double value); /* with three decimals */
void cli_json_seconds(cli_json *j, double value); /* with six */
void cli_json_boolean(cli_json *j, int value);
void cli_json_null(cli_json *j);
/* A value that is JSON already, on one line. */
void cli_json_raw(cli_json *j, const char *json);
/* Text of our own or of the person's: UTF-8 where it is valid, else as cli_json_latin1. */
void cli_json_text(cli_json *j, const char *text);
/* Bytes of a peer: each is the character of its number (ISO 8859-1). */
void cli_json_latin1(cli_json *j, const char *text);

#endif
