/*
 * Words on the terminal. Everything passes through here, so that no byte from outside (a registry's reply, a name, a
 * file) can move the cursor, change colours, or turn the reading direction.
 */
#ifndef KM_CLI_SAY_H
#define KM_CLI_SAY_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

/* Prints exactly one line. Control characters, newlines within, and characters that steer direction or are invisible
 * appear as \u001b; bytes that are not UTF-8 as U+FFFD. */
void km_say(FILE *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints JSON, indented; the same escapes, which in JSON mean the same. */
void km_say_json(const json_t *value);

/* "2026-11-24"; "-" for 0. Borrowed from the storage. */
enum { KM_DAY_TEXT = 11 };
const char *km_day(long long moment, char storage[static KM_DAY_TEXT]);

#endif
