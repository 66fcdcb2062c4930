#include "config.h"

#include "cli/command.h"
#include "cli/complete.h"
#include "cli/say.h"
#include "keys/signer_process.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* All there is. One row makes a command known to dispatch and help; tests/check-man.sh asks for its man page. */
/* clang-format off */
static const struct km_command *const commands[] = {
	&km_init_command,
	&km_serve_command,
	&km_demo_command,
	&km_scheme_sample_command,
	&km_scheme_check_command,
	&km_scheme_add_command,
	&km_scheme_list_command,
	&km_scheme_show_command,
	&km_scheme_form_command,
	&km_body_add_command,
	&km_body_contact_command,
	&km_body_list_command,
	&km_person_invite_command,
	&km_person_list_command,
	&km_person_roles_command,
	&km_person_revoke_command,
	&km_provider_add_command,
	&km_provider_import_command,
	&km_provider_list_command,
	&km_provider_show_command,
	&km_provider_link_command,
	&km_provider_export_command,
	&km_provider_contact_command,
	&km_provider_erase_command,
	&km_domain_list_command,
	&km_domain_token_command,
	&km_domain_check_command,
	&km_mark_list_command,
	&km_mark_show_command,
	&km_mark_history_command,
	&km_due_command,
	&km_mail_list_command,
	&km_mail_send_command,
	&km_mail_try_command,
	&km_mail_again_command,
	&km_mail_drop_command,
	&km_stats_command,
	&km_badge_command,
	&km_qr_command,
	&km_report_list_command,
	&km_report_erase_command,
	&km_case_list_command,
	&km_retention_list_command,
	&km_retention_purge_command,
	&km_key_list_command,
	&km_key_rotate_command,
	&km_key_reissue_command,
	&km_key_retire_command,
	&km_key_revoke_command,
	&km_key_root_command,
	&km_log_check_command,
	&km_doctor_command,
	&km_fsck_command,
	&km_backup_command,
	&km_export_command,
	&km_enrol_command,
	&km_submit_command,
	&km_verify_command,
	&km_check_command,
};
/* clang-format on */

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_row(const struct km_command *command)
{
	char left[64];
	snprintf(left, sizeof left, "%s%s%s%s%s", command->noun, command->verb ? " " : "",
	         command->verb ? command->verb : "", *command->operands ? " " : "", command->operands);
	printf("  keurmerk %-26s %s\n", left, command->summary);
}

static void print_help(void)
{
	printf("keurmerk " PACKAGE_VERSION ": a registry for a certification mark\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		print_row(commands[i]);
	printf("\n`keurmerk COMMAND --help` tells more of one; so do `man keurmerk` and `man keurmerk-NOUN`.\n"
	       "Exit status: 0 done, or genuine and active; 1 not valid, refused or failed; 2 wrong usage;\n"
	       "3 cannot tell (no answer, nobody named whose word to take).\n");
}

static bool is_noun(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->noun, word) == 0)
			return true;
	return false;
}

static const struct km_command *find(const char *noun, const char *verb)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->noun, noun) == 0 &&
		    (!commands[i]->verb || (verb && strcmp(commands[i]->verb, verb) == 0)))
			return commands[i];
	return NULL;
}

/* The rows of one noun: for `keurmerk provider` and `keurmerk provider --help`. */
static void print_noun_help(const char *noun)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->noun, noun) == 0)
			print_row(commands[i]);
	printf("\n`keurmerk %s COMMAND --help` tells more of one.\n", noun);
}

static int no_command(int argc, char **argv)
{
	if (argc < 2)
		km_say(stderr, "keurmerk: say what to do; `keurmerk --help` lists what there is");
	else if (!is_noun(argv[1]))
		km_say(stderr, "keurmerk: there is no command “%s”; `keurmerk --help` lists what there is", argv[1]);
	else if (argc < 3)
		km_say(stderr, "keurmerk: say what to do with a %s; `keurmerk %s --help` lists what there is", argv[1],
		       argv[1]);
	else
		km_say(stderr, "keurmerk: there is no command “%s %s”; `keurmerk %s --help` lists what there is", argv[1],
		       argv[2], argv[1]);
	return KM_EXIT_USAGE;
}

static int exit_status(enum km_error error, const struct km_problem *problem, const struct km_command *command)
{
	const char *verb = command->verb ? command->verb : "";
	if (strcmp(problem->type, "usage") == 0) {
		km_say(stderr, "keurmerk: %s; see `keurmerk %s%s%s --help`", problem->message, command->noun, *verb ? " " : "",
		       verb);
		return KM_EXIT_USAGE;
	}
	km_say(stderr, "keurmerk: %s", problem->message);
	if (error == KM_UNPROVEN && strncmp(problem->type, "pin-", 4) == 0 && strcmp(problem->type, "pin-missing") != 0)
		return KM_EXIT_PIN;
	return error == KM_UNAVAILABLE ? KM_EXIT_CANNOT_TELL : KM_EXIT_NOT_VALID;
}

static int run(const struct km_command *command, const char *program, int argc, char **argv)
{
	struct km_problem problem = {0};
	static struct km_call call; /* outlives run: a clock in it may be in use until the end */
	bool help = false;
	enum km_error error = km_call_parse(command, argc, argv, &call, &help, &problem);
	call.program = program;
	if (!error && help) {
		km_command_help(command);
		return KM_EXIT_DONE;
	}
	if (!error)
		error = command->run(&call, &problem);
	if (!error && (fflush(stdout) != 0 || ferror(stdout)))
		error = km_fail(&problem, KM_IO, "output", "the output could not be written");
	return error ? exit_status(error, &problem, command) : call.exit_status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], KM_SIGNER_COMMAND) == 0)
		return km_signer_process_main(argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		km_complete(commands, COMMANDS, argc - 2, argv + 2);
		return KM_EXIT_DONE;
	}
	const char *first = argc > 1 ? argv[1] : NULL, *second = argc > 2 ? argv[2] : NULL;
	if (first && (strcmp(first, "--help") == 0 || strcmp(first, "help") == 0)) {
		print_help();
		return KM_EXIT_DONE;
	}
	if (first && strcmp(first, "--version") == 0) {
		printf("keurmerk " PACKAGE_VERSION "\n");
		return KM_EXIT_DONE;
	}
	const struct km_command *command = first ? find(first, second) : NULL;
	if (command)
		return run(command, argv[0], argc - (command->verb ? 2 : 1), argv + (command->verb ? 2 : 1));
	if (first && second && is_noun(first) && strcmp(second, "--help") == 0) {
		print_noun_help(first);
		return KM_EXIT_DONE;
	}
	return no_command(argc, argv);
}
