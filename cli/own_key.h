/*
 * A private key that somebody keeps for themselves: in a file or, where its place is a pkcs11: URI, in a token
 * (keys/token.h).
 */
#ifndef KM_CLI_OWN_KEY_H
#define KM_CLI_OWN_KEY_H

#include "base/error.h"
#include "cli/command.h"
#include "keys/key.h"

#include <stdbool.h>

/* Opens the one that is at this place, with the passphrase or PIN from where such come (cli/passphrase.h). What
 * km_key_load and km_token_open give. */
enum km_error km_own_key_open(const struct km_call *call, const char *place, struct km_key **ret_key,
                              struct km_problem *problem);

/* True where the place is a token, without a word about which key in it. */
bool km_own_key_wants_new(const char *place);

/* Makes a key in such a token, and says on standard error by which URI it is named from now on. */
enum km_error km_own_key_make(const struct km_call *call, const char *place, const char *label, struct km_key **ret_key,
                              struct km_problem *problem);

#endif
