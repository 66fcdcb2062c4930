/*
 * Where to listen: "127.0.0.1:8080", "[::1]:8080", "localhost:8080".
 */
#ifndef KM_CLI_LISTEN_H
#define KM_CLI_LISTEN_H

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct km_listen {
	char address[46]; /* numeric */
	uint16_t port;    /* 0: any free one */
};

enum km_error km_listen_parse(const char *text, struct km_listen *ret_listen, struct km_problem *problem);

/* That of a registry's url itself where it is http (and so on this machine), else 127.0.0.1:8080. */
enum km_error km_listen_for_url(const char *url, struct km_listen *ret_listen, struct km_problem *problem);

/* "[::1]:8080" */
enum { KM_LISTEN_TEXT = 64 };
void km_listen_format(const struct km_listen *listen, char ret_text[static KM_LISTEN_TEXT]);

/* Replaces port 0, and, where `other` allows it, a port that is taken, by one that is free just now. */
enum km_error km_listen_settle(struct km_listen *listen, bool other, struct km_problem *problem);

#endif
