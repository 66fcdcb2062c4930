/*
 * The signer's own process: the one that holds the registry's private keys. It is the same program, started anew by
 * keys/signer_start.h with a socket as its file descriptor 3; so nothing of the server's memory is in it,
 * nor of its memory in the server.
 */
#ifndef KM_KEYS_SIGNER_PROCESS_H
#define KM_KEYS_SIGNER_PROCESS_H

#include "keys/form.h"

#include <stddef.h>
#include <stdint.h>

enum { KM_SIGNER_FD = 3 };

/* The first argument by which the program is told to be the signer. */
#define KM_SIGNER_COMMAND "signer-process"

/* The last argument, where it is to write a line on standard error before it hands out a signature: the time, the kind, and
 * the SHA-256 of the token, note or proof as it goes out. What a server that somebody got into had signed can be told by
 * that, and not by that server. "" where it is not. */
#define KM_SIGNER_LOGS "log"

/* Requests: enum km_form, or one of these for the body of a checkpoint and for a credential to prove. The reply's kind
 * is an enum km_error; its bytes are the token, note or proof, or the problem's type, a NUL and its message. The first
 * message, with neither, says that it is ready.
 */
enum { KM_REQUEST_CHECKPOINT = 100, KM_REQUEST_PROOF };

enum { KM_REPLY_MAX = 2 * KM_FORM_PAYLOAD_MAX }; /* bytes: a payload in base64url, with its header and signature */

/* What `main` returns where its first argument is KM_SIGNER_COMMAND; the arguments after that are for
 * keys/signer_start.c to know. It opens the keys, gives up all rights, and answers until the other end closes. */
int km_signer_process_main(int argc, char **argv);

#endif
