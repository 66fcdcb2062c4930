#include "cli/command.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	THUMBPRINT_LEN = 43, /* base64url of 32 bytes */
	OPTIONS_MAX = 32,    /* of one command */
	LONG_ONLY = 256,     /* what getopt_long returns for option n: its letter, or LONG_ONLY + n */
	ASKED_HELP = LONG_ONLY + OPTIONS_MAX,
	ASKED_CLOCK,
};

enum km_error km_wrong_usage(struct km_problem *problem, const char *format, ...)
{
	char message[KM_PROBLEM_MESSAGE_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return km_fail(problem, KM_INVALID, "usage", "%s", message);
}

/* The command's table in the form that getopt_long takes. */
static void describe(const struct km_command *command, struct option ret_long[static OPTIONS_MAX + 3],
                     char ret_letters[static 2 * OPTIONS_MAX + 2])
{
	size_t n = 0, letters = 0;
	ret_letters[letters++] = ':'; /* tell a missing argument from an unknown option, and print neither */
	for (; n < OPTIONS_MAX && command->options[n].name; n++) {
		const struct km_option *option = &command->options[n];
		ret_long[n] = (struct option){option->name, option->argument ? required_argument : no_argument, NULL,
		                              option->letter ? option->letter : LONG_ONLY + (int)n};
		if (!option->letter)
			continue;
		ret_letters[letters++] = option->letter;
		if (option->argument)
			ret_letters[letters++] = ':';
	}
	ret_letters[letters] = '\0';
	ret_long[n] = (struct option){"help", no_argument, NULL, ASKED_HELP};
	ret_long[n + 1] = (struct option){"clock", required_argument, NULL, ASKED_CLOCK};
	ret_long[n + 2] = (struct option){NULL, 0, NULL, 0};
}

static const struct km_option *option_found(const struct km_command *command, int found)
{
	for (size_t n = 0; command->options[n].name; n++)
		if (found == (command->options[n].letter ? command->options[n].letter : LONG_ONLY + (int)n))
			return &command->options[n];
	return NULL;
}

static enum km_error keep(struct km_call *call, const struct km_option *option, const char *value,
                          struct km_problem *problem)
{
	if (option->use != KM_REPEATED && km_given(call, option->name))
		return km_wrong_usage(problem, "--%s is given twice: give it once", option->name);
	if (call->given_len == KM_GIVEN_MAX)
		return km_wrong_usage(problem, "too many options: at most %d", KM_GIVEN_MAX);
	call->given[call->given_len].option = option;
	call->given[call->given_len++].value = value;
	return KM_OK;
}

static enum km_error check_complete(const struct km_call *call, struct km_problem *problem)
{
	const struct km_command *command = call->command;
	for (const struct km_option *option = command->options; option->name; option++)
		if (option->use == KM_REQUIRED && !km_given(call, option->name))
			return km_wrong_usage(problem, "--%s %s is missing", option->name, option->argument);
	if (call->operands_len < command->operands_min)
		return km_wrong_usage(problem, "%s is missing", command->operands);
	if (call->operands_len > command->operands_max)
		return km_wrong_usage(problem, "“%s” is one too many", call->operands[command->operands_max]);
	return KM_OK;
}

static enum km_error refuse_option(int found, char **argv, struct km_problem *problem)
{
	const char *word = argv[optind - 1];
	char letter[] = {'-', (char)optopt, '\0'};
	if (optopt > 0 && optopt < LONG_ONLY && strncmp(word, "--", 2) != 0)
		word = letter;
	return found == ':' ? km_wrong_usage(problem, "%s needs a value", word)
	                    : km_wrong_usage(problem, "there is no option %s here", word);
}

/* A key's thumbprint may begin with a hyphen, and is no option for that. */
static bool is_thumbprint(const char *word)
{
	return strlen(word) == THUMBPRINT_LEN &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == THUMBPRINT_LEN;
}

/* The word after this one is its value, whatever that looks like. */
static bool takes_value(const struct km_command *command, const char *word)
{
	if (strncmp(word, "--", 2) != 0)
		return false;
	for (const struct km_option *option = command->options; option->name; option++)
		if (strcmp(option->name, word + 2) == 0)
			return option->argument;
	return false;
}

/* Puts those behind all else; how many words come before them. */
static int set_apart(const struct km_command *command, int argc, char **argv)
{
	int before = argc;
	for (int i = 1; i < before;) {
		char *word = argv[i];
		if (word[0] != '-' || !is_thumbprint(word) || takes_value(command, argv[i - 1])) {
			i++;
			continue;
		}
		memmove(&argv[i], &argv[i + 1], (size_t)(argc - i - 1) * sizeof *argv);
		argv[argc - 1] = word;
		before--;
	}
	return before;
}

enum km_error km_call_parse(const struct km_command *command, int argc, char **argv, struct km_call *ret_call,
                            bool *ret_help, struct km_problem *problem)
{
	struct option long_options[OPTIONS_MAX + 3];
	char letters[2 * OPTIONS_MAX + 2];
	describe(command, long_options, letters);
	*ret_call = (struct km_call){.command = command, .clock = km_clock_system()};
	*ret_help = false;
	optind = 1;
	opterr = 0;
	int found = 0, words = set_apart(command, argc, argv);
	enum km_error error = KM_OK;
	while (!error && (found = getopt_long(words, argv, letters, long_options, NULL)) != -1) {
		if (found == ASKED_HELP) {
			*ret_help = true;
			return KM_OK;
		}
		if (found == ASKED_CLOCK)
			error = km_test_clock_open(optarg, &ret_call->test_clock, &ret_call->clock, problem);
		else if (found == '?' || found == ':')
			error = refuse_option(found, argv, problem);
		else
			error = keep(ret_call, option_found(command, found), optarg ? optarg : "", problem);
	}
	if (error)
		return error;
	ret_call->operands = argv + optind;
	ret_call->operands_len = argc - optind;
	return check_complete(ret_call, problem);
}

const char *km_given(const struct km_call *call, const char *name)
{
	for (size_t i = call->given_len; i > 0; i--)
		if (strcmp(call->given[i - 1].option->name, name) == 0)
			return call->given[i - 1].value;
	return NULL;
}

enum km_error km_given_moment(const struct km_call *call, const char *name, int64_t otherwise, int64_t *ret_moment,
                              struct km_problem *problem)
{
	const char *text = km_given(call, name);
	*ret_moment = otherwise;
	if (text && strcmp(text, "now") == 0)
		*ret_moment = km_clock_now(&call->clock);
	else if (text && !km_time_parse(text, ret_moment) && !km_date_parse(text, ret_moment))
		return km_wrong_usage(problem, "--%s %.40s: write now, a day (2026-11-24) or a moment (2026-11-24T17:02:37Z)",
		                      name, text);
	return KM_OK;
}

const char *km_given_nth(const struct km_call *call, const char *name, size_t n)
{
	for (size_t i = 0; i < call->given_len; i++)
		if (strcmp(call->given[i].option->name, name) == 0 && n-- == 0)
			return call->given[i].value;
	return NULL;
}

static void print_option(const struct km_option *option)
{
	char left[64];
	char letter[] = {'-', option->letter, ',', ' ', '\0'};
	snprintf(left, sizeof left, "%s--%s%s%s", option->letter ? letter : "    ", option->name,
	         option->argument ? " " : "", option->argument ? option->argument : "");
	static const char *const uses[] = {
		[KM_OPTIONAL] = "", [KM_REQUIRED] = " (required)", [KM_REPEATED] = " (repeatable)"};
	printf("  %-28s %s%s\n", left, option->help, uses[option->use]);
}

void km_command_help(const struct km_command *command)
{
	static const struct km_option help = {"help", 0, NULL, "show this", KM_OPTIONAL};
	printf("Usage: keurmerk %s%s%s [OPTION]...%s%s\n", command->noun, command->verb ? " " : "",
	       command->verb ? command->verb : "", *command->operands ? " " : "", command->operands);
	const char *summary = command->summary;
	printf("%c%s%s\n", toupper((unsigned char)*summary), summary + 1, summary[strlen(summary) - 1] == '?' ? "" : ".");
	if (command->details)
		printf("\n%s\n", command->details);
	printf("\nOptions:\n");
	for (const struct km_option *option = command->options; option->name; option++)
		print_option(option);
	print_option(&help);
}
