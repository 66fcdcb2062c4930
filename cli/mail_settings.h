/*
 * Which mail server takes the registry's mail, and how it is spoken to: a file of JSON, for its owner alone, since it
 * may hold a password: { "server": "smtp://mail.example:587", "from": "keurmerk@keurmerk.example", "name": "Keurmerk",
 *       "user": "keurmerk", "password": "…", "ca": "/etc/keurmerk/mail-ca.pem", "starttls": true }
 * server  smtp://HOST[:PORT], which must go over to TLS by STARTTLS, or smtps://HOST[:PORT]
 * from    the address that it is sent from, and that gets what cannot be delivered
 * name    who it is from; by default what it says in the catalogue
 * user, password   both or neither
 * ca      file of the authorities that may vouch for the server; by default those of this machine
 * starttls  false only for a server on this machine: without TLS
 */
#ifndef KM_CLI_MAIL_SETTINGS_H
#define KM_CLI_MAIL_SETTINGS_H

#include "base/error.h"
#include "cli/command.h"
#include "registry/identifier.h"

#include <stdbool.h>

struct km_mail_settings {
	char *server;                      /* without a slash at its end */
	char from[KM_EMAIL_TEXT];          /* as it goes to a mail server */
	char *name, *user, *password, *ca; /* NULL where not given */
	bool plain;                        /* without TLS */
};

#define KM_OPTION_MAIL_SETTINGS                                                                                        \
	{                                                                                                                  \
		"settings", 0, "FILE", "file that says which mail server to use (doc/operations.md)", KM_OPTIONAL              \
	}

/* From the file after --settings; else, for a service, the credential "keurmerk-mail" that systemd has put in
 * $CREDENTIALS_DIRECTORY. KM_ABSENT where there is none, KM_FORBIDDEN where others than its owner can read it. */
enum km_error km_mail_settings(const struct km_call *call, struct km_mail_settings *ret_settings,
                               struct km_problem *problem);

/* Wipes the password. */
void km_mail_settings_done(struct km_mail_settings *settings);
#define auto_mail_settings __attribute__((cleanup(km_mail_settings_done)))

#endif
