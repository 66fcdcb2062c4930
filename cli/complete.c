#include "cli/complete.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct line {
	char *const *words;
	int len;
	const char *typed; /* of the word that is not finished */
};

static void offer(const struct line *line, const char *before, const char *word, size_t len)
{
	size_t typed = strlen(line->typed), ahead = strlen(before);
	bool fits = typed <= ahead ? strncmp(before, line->typed, typed) == 0
	                           : strncmp(before, line->typed, ahead) == 0 && typed - ahead <= len &&
	                                 strncmp(word, line->typed + ahead, typed - ahead) == 0;
	if (fits)
		printf("%s%.*s\n", before, (int)len, word);
}

static bool given_before(const struct line *line, const char *name)
{
	for (int i = 0; i < line->len; i++)
		if (strncmp(line->words[i], "--", 2) == 0 && strcmp(line->words[i] + 2, name) == 0)
			return true;
	return false;
}

/* The option that stands last, and waits for its value; NULL where none does. */
static const struct km_option *waiting(const struct km_command *command, const struct line *line)
{
	const char *last = line->len ? line->words[line->len - 1] : "";
	for (const struct km_option *option = command->options; option->name; option++) {
		bool named = strncmp(last, "--", 2) == 0 && strcmp(last + 2, option->name) == 0;
		bool lettered = option->letter && last[0] == '-' && last[1] == option->letter && !last[2];
		if ((named || lettered) && option->argument)
			return option;
	}
	return NULL;
}

/* "nl|en": each of them. What a value is called ("FILE") is in capitals, and nothing to offer. */
static void offer_values(const struct line *line, const char *argument)
{
	if (strspn(argument, "abcdefghijklmnopqrstuvwxyz-|") != strlen(argument))
		return;
	for (const char *at = argument; *at;) {
		size_t len = strcspn(at, "|");
		offer(line, "", at, len);
		at += len + (at[len] == '|');
	}
}

static void offer_options(const struct km_command *command, const struct line *line)
{
	const struct km_option *value_of = waiting(command, line);
	if (value_of) {
		offer_values(line, value_of->argument);
		return;
	}
	if (*line->typed != '-')
		return;
	for (const struct km_option *option = command->options; option->name; option++)
		if (option->use == KM_REPEATED || !given_before(line, option->name))
			offer(line, "--", option->name, strlen(option->name));
	offer(line, "--", "help", strlen("help"));
}

static void offer_nouns(const struct km_command *const *commands, size_t len, const struct line *line)
{
	for (size_t i = 0; i < len; i++)
		if (!i || strcmp(commands[i]->noun, commands[i - 1]->noun) != 0)
			offer(line, "", commands[i]->noun, strlen(commands[i]->noun));
	offer(line, "--", "help", strlen("help"));
	offer(line, "--", "version", strlen("version"));
}

void km_complete(const struct km_command *const *commands, size_t len, int argc, char **argv)
{
	struct line line = {argv, argc ? argc - 1 : 0, argc ? argv[argc - 1] : ""};
	if (!line.len) {
		offer_nouns(commands, len, &line);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		const struct km_command *command = commands[i];
		if (strcmp(command->noun, argv[0]) != 0)
			continue;
		int words = command->verb ? 2 : 1;
		if (command->verb && line.len == 1)
			offer(&line, "", command->verb, strlen(command->verb));
		else if (!command->verb || strcmp(command->verb, argv[1]) == 0)
			offer_options(command, &(struct line){argv + words, line.len - words, line.typed});
	}
}
