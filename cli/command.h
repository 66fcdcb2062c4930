/*
 * A subcommand: what it is called, what it takes, what it does. The table of all of them, in cli/main.c, drives
 * dispatch,
 * --help and tests/check-man.sh.
 */
#ifndef KM_CLI_COMMAND_H
#define KM_CLI_COMMAND_H

#include "base/clock.h"
#include "base/error.h"
#include "cli/test_clock.h"

#include <stddef.h>

/* What the program tells the shell. */
enum {
	KM_EXIT_DONE = 0,        /* done; or genuine and active */
	KM_EXIT_NOT_VALID = 1,   /* not valid, refused, failed */
	KM_EXIT_USAGE = 2,       /* the command line is wrong */
	KM_EXIT_CANNOT_TELL = 3, /* no network, no key set: the answer is not known */
	KM_EXIT_PIN = 4,         /* a token did not take the PIN: not to be tried again before somebody has looked */
};

enum km_option_use { KM_OPTIONAL, KM_REQUIRED, KM_REPEATED };

struct km_option {
	const char *name;     /* without hyphens */
	char letter;          /* 0 where it has none */
	const char *argument; /* what it takes, as shown; NULL for a flag */
	const char *help;     /* one line */
	enum km_option_use use;
};

#define KM_OPTIONS_END                                                                                                 \
	{                                                                                                                  \
		NULL, 0, NULL, NULL, KM_OPTIONAL                                                                               \
	}
#define KM_OPTION_HOME                                                                                                 \
	{                                                                                                                  \
		"home", 0, "DIR", "folder of the registry (default: $KEURMERK_HOME, then /var/lib/keurmerk)", KM_OPTIONAL      \
	}
#define KM_OPTION_JSON                                                                                                 \
	{                                                                                                                  \
		"json", 0, NULL, "print JSON, for programs", KM_OPTIONAL                                                       \
	}

struct km_call;

struct km_command {
	const char *noun, *verb; /* "provider", "add"; verb is NULL where the noun says it all */
	const char *operands;    /* as shown: "URL", "[KVK]"; "" for none */
	int operands_min, operands_max;
	const char *summary;             /* one line: "add a provider" */
	const char *details;             /* more lines for --help; NULL for none */
	const struct km_option *options; /* closed by KM_OPTIONS_END */
	/* KM_OK, or what went wrong, which main prints. Wrong usage is a problem of type "usage" (km_wrong_usage). */
	enum km_error (*run)(struct km_call *call, struct km_problem *problem);
};

enum { KM_GIVEN_MAX = 128 };

/* One use of the program. */
struct km_call {
	const char *program; /* as it was called */
	const struct km_command *command;
	struct {
		const struct km_option *option;
		const char *value; /* "" for a flag */
	} given[KM_GIVEN_MAX];
	size_t given_len;
	char **operands;
	int operands_len;
	struct km_clock clock;
	struct km_test_clock test_clock; /* behind `clock` where --clock was given */
	int exit_status;                 /* when run returns KM_OK */
};

/* Reads what follows the command's name. *ret_help: --help was asked for, and nothing else was looked at. */
enum km_error km_call_parse(const struct km_command *command, int argc, char **argv, struct km_call *ret_call,
                            bool *ret_help, struct km_problem *problem);

/* The value of an option (the last, where it was given more than once); NULL where it was not given. */
const char *km_given(const struct km_call *call, const char *name);

/* The moment that an option says, as a person writes it: now, a day or a moment; `otherwise` where it was not given. */
enum km_error km_given_moment(const struct km_call *call, const char *name, int64_t otherwise, int64_t *ret_moment,
                              struct km_problem *problem);

/* The n-th value, from 0, of an option that may be repeated; NULL after the last. */
const char *km_given_nth(const struct km_call *call, const char *name, size_t n);

enum km_error km_wrong_usage(struct km_problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "keurmerk provider add [options] KVK NAME" and what follows, on standard output. */
void km_command_help(const struct km_command *command);

/* The table: one row for each. */
extern const struct km_command km_init_command, km_serve_command, km_demo_command;
extern const struct km_command km_scheme_sample_command, km_scheme_check_command, km_scheme_form_command;
extern const struct km_command km_scheme_add_command, km_scheme_list_command, km_scheme_show_command;
extern const struct km_command km_body_add_command, km_body_contact_command, km_body_list_command;
extern const struct km_command km_person_invite_command, km_person_list_command, km_person_revoke_command,
	km_person_roles_command;
extern const struct km_command km_provider_contact_command;
extern const struct km_command km_mail_list_command, km_mail_send_command, km_mail_try_command;
extern const struct km_command km_mail_again_command, km_mail_drop_command;
extern const struct km_command km_provider_add_command, km_provider_list_command, km_provider_show_command;
extern const struct km_command km_provider_import_command, km_provider_export_command, km_provider_erase_command,
	km_provider_link_command;
extern const struct km_command km_domain_list_command, km_domain_token_command, km_domain_check_command;
extern const struct km_command km_mark_list_command, km_mark_show_command, km_mark_history_command;
extern const struct km_command km_due_command, km_stats_command;
extern const struct km_command km_badge_command, km_qr_command;
extern const struct km_command km_key_list_command, km_key_rotate_command, km_key_reissue_command;
extern const struct km_command km_key_retire_command, km_key_revoke_command, km_key_root_command;
extern const struct km_command km_report_list_command, km_report_erase_command, km_case_list_command;
extern const struct km_command km_retention_list_command, km_retention_purge_command;
extern const struct km_command km_log_check_command, km_doctor_command, km_fsck_command, km_backup_command;
extern const struct km_command km_export_command;
extern const struct km_command km_enrol_command, km_submit_command, km_verify_command, km_check_command;

#endif
