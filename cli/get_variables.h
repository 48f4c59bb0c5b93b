/* get_variables.h - what -w can tell of a transfer. */
#ifndef CLI_GET_VARIABLES_H
#define CLI_GET_VARIABLES_H

#include "get.h"

#include <stdio.h>

/* Print one. -1: there is none of this name. */
int get_variables_print(const get_transfer *t, FILE *out, const char *name, size_t len);
/* All of them as one JSON object on one line. */
void get_variables_json(const get_transfer *t, FILE *out);
/* The fields of the response as one JSON object: names in lower case, lists of values. */
void get_variables_fields_json(const get_transfer *t, FILE *out);

#endif
