#include "cli/passphrase.h"

#include "base/buf.h"
#include "base/digest.h"
#include "keys/key.h"
#include "keys/token_uri.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ROOM = 1025, INTERRUPT = 3, END = 4, BACKSPACE = 8, DELETE = 127, KILL_LINE = 21 };

/* ----------------------------------------------------------------------------------------------------- in a file */

enum km_error km_passphrase_file(const struct km_call *call, char **ret_path, struct km_problem *problem)
{
	const char *given = km_given(call, "passphrase-file"), *folder = getenv("CREDENTIALS_DIRECTORY");
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	*ret_path = NULL;
	if (given)
		km_buf_add_text(&path, given);
	else if (folder && *folder)
		km_buf_add_format(&path, "%s/keurmerk-passphrase", folder);
	if (path.failed)
		return km_fail_memory(problem);
	if (path.len > 0 && (given || access(path.data, F_OK) == 0))
		*ret_path = km_buf_take(&path, NULL);
	return KM_OK;
}

enum km_error km_passphrase_find(const struct km_call *call, char **ret_passphrase, struct km_problem *problem)
{
	auto_free char *path = NULL;
	enum km_error error = km_passphrase_file(call, &path, problem);
	*ret_passphrase = NULL;
	if (error || !path)
		return error;
	return km_passphrase_read(path, ret_passphrase, problem);
}

/* ------------------------------------------------------------------------------------------------- at the terminal */

static void show(int terminal, const char *text)
{
	size_t len = strlen(text);
	while (len > 0) {
		ssize_t written = write(terminal, text, len);
		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			text += written;
			len -= (size_t)written;
		}
	}
}

/* One line, as it is typed; false where it was called off. What does not fit is a line that nobody typed. */
static bool read_line(int terminal, char line[static ROOM])
{
	size_t len = 0;
	for (;;) {
		char c;
		ssize_t got = read(terminal, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got != 1 || c == INTERRUPT || (c == END && len == 0) || len == ROOM - 1)
			return false;
		if (c == '\r' || c == '\n')
			break;
		if (c == BACKSPACE || c == DELETE)
			len -= len > 0;
		else if (c == KILL_LINE)
			len = 0;
		else
			line[len++] = c;
	}
	line[len] = '\0';
	return true;
}

/* Shows the question and reads the answer without showing it, character by character: so that a Ctrl-C ends the asking,
 * and not this process, which would leave the terminal mute. */
static bool ask(const char *secret, const char *what, const char *again, char line[static ROOM])
{
	struct termios before, silent;
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return false;
	bool asked = tcgetattr(terminal, &before) == 0;
	if (asked) {
		silent = before;
		silent.c_lflag &= (tcflag_t) ~(ECHO | ICANON | ISIG);
		show(terminal, secret);
		show(terminal, " of ");
		show(terminal, what);
		show(terminal, again);
		asked = tcsetattr(terminal, TCSAFLUSH, &silent) == 0 && read_line(terminal, line);
		tcsetattr(terminal, TCSAFLUSH, &before);
		show(terminal, "\n");
	}
	close(terminal);
	return asked;
}

static bool is_interactive(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

enum km_error km_passphrase_choose(const struct km_call *call, const char *what, char **ret_passphrase,
                                   struct km_problem *problem)
{
	char first[ROOM] = "", second[ROOM] = "";
	enum km_error error = km_passphrase_find(call, ret_passphrase, problem);
	if (error || *ret_passphrase || !is_interactive())
		return error;
	if (!ask("Passphrase", what, " (none: it is not encrypted): ", first))
		error = km_fail(problem, KM_INVALID, "passphrase", "no passphrase was given; nothing was done");
	else if (*first && (!ask("Passphrase", what, " once more: ", second) || strcmp(first, second) != 0))
		error = km_fail(problem, KM_INVALID, "passphrase", "the two passphrases differ; nothing was done");
	else if (*first && !(*ret_passphrase = strdup(first)))
		error = km_fail_memory(problem);
	km_wipe(first, sizeof first);
	km_wipe(second, sizeof second);
	return error;
}

bool km_passphrase_ask(const struct km_problem *problem, const char *what, char **ret_passphrase)
{
	char line[ROOM] = "";
	bool pin = strcmp(problem->type, "pin-missing") == 0;
	if ((!pin && strcmp(problem->type, "passphrase-missing") != 0) || !is_interactive())
		return false;
	bool asked = ask(pin ? "PIN" : "Passphrase", pin ? "the token" : what, ": ", line) && *line;
	if (asked)
		*ret_passphrase = strdup(line);
	km_wipe(line, sizeof line);
	return asked && *ret_passphrase;
}

enum km_error km_pin_find(const struct km_call *call, const char *uri, char **ret_pin, struct km_problem *problem)
{
	auto_token_uri struct p11_kit_uri *parsed = NULL;
	const struct km_problem missing = {.type = "pin-missing"};
	*ret_pin = NULL;
	enum km_error error = km_token_uri_parse(uri, &parsed, problem);
	if (!error)
		error = km_passphrase_find(call, ret_pin, problem);
	if (!error && !*ret_pin && !km_token_uri_pin_file(parsed))
		km_passphrase_ask(&missing, "", ret_pin);
	return error;
}
