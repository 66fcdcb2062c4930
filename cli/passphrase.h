/*
 * Where a passphrase comes from: the file after --passphrase-file; else, for a service, the credential
 * "keurmerk-passphrase" that systemd has put in $CREDENTIALS_DIRECTORY; else, where there is a terminal, the person at
 * it.
 */
#ifndef KM_CLI_PASSPHRASE_H
#define KM_CLI_PASSPHRASE_H

#include "base/error.h"
#include "cli/command.h"

#include <stdbool.h>

#define KM_OPTION_PASSPHRASE(of)                                                                                       \
	{                                                                                                                  \
		"passphrase-file", 0, "FILE", "file whose first line is the passphrase of " of, KM_OPTIONAL                    \
	}

#define KM_OPTION_TOKEN(of)                                                                                            \
	{                                                                                                                  \
		"token", 0, "URI", "PKCS#11 token for " of ": pkcs11:token=NAME?module-path=/usr/lib/…", KM_OPTIONAL           \
	}

/* The path of the file that holds it; the caller's (free). *ret_path is NULL where there is none. */
enum km_error km_passphrase_file(const struct km_call *call, char **ret_path, struct km_problem *problem);

/* What that file says, NULL where there is none. Free with km_passphrase_free (keys/key.h). */
enum km_error km_passphrase_find(const struct km_call *call, char **ret_passphrase, struct km_problem *problem);

/* The same for a new key: where there is no file, the person at the terminal is asked, twice; no answer is none. */
enum km_error km_passphrase_choose(const struct km_call *call, const char *what, char **ret_passphrase,
                                   struct km_problem *problem);

/* The PIN of the token with this pkcs11: URI, in the same ways; *ret_pin may be NULL where the URI itself says where it is.
 * Never on the command line. KM_INVALID where the URI is no good. */
enum km_error km_pin_find(const struct km_call *call, const char *uri, char **ret_pin, struct km_problem *problem);

/* Where the problem is that a passphrase, or the PIN of a token, is missing, and there is a terminal: asks for that of
 * `what`. False where nobody answers; the problem is untouched. */
bool km_passphrase_ask(const struct km_problem *problem, const char *what, char **ret_passphrase);

#endif
