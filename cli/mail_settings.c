#include "cli/mail_settings.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 16 * 1024, SERVER_MAX = 300, NAME_MAX_CHARACTERS = 100, TEXT_MAX = 1000 };

static void wipe_text(char *text)
{
	if (text)
		km_wipe(text, strlen(text));
	free(text);
}

void km_mail_settings_done(struct km_mail_settings *settings)
{
	free(settings->server);
	free(settings->name);
	free(settings->user);
	wipe_text(settings->password);
	free(settings->ca);
}

/* ----------------------------------------------------------------------------------------------------------- server */

/* "localhost", "127.0.0.1" or "[::1]", and a port or nothing. */
static bool is_this_machine(const char *authority)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		size_t len = strlen(hosts[i]);
		if (strncmp(authority, hosts[i], len) == 0 && (!authority[len] || authority[len] == ':'))
			return true;
	}
	return false;
}

/* A host and perhaps a port; the host is letters, digits, dots and hyphens, or an IPv6 address in brackets. */
static bool is_authority(const char *text)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t len = *text == '[' ? strcspn(text, "]") + 1 : strspn(text, host);
	if (*text == '[' && (len < 4 || strspn(text + 1, "0123456789abcdefABCDEF:.") != len - 2 || text[len - 1] != ']'))
		return false;
	if (len == 0 || text[0] == '-' || text[0] == '.')
		return false;
	if (!text[len])
		return true;
	size_t digits = text[len] == ':' ? strspn(text + len + 1, "0123456789") : 0;
	return digits && digits <= 5 && !text[len + 1 + digits] && atoi(text + len + 1) <= 65535 && atoi(text + len + 1);
}

static enum km_error check_server(const char *server, bool plain, struct km_problem *problem)
{
	bool explicit_tls = strncmp(server, "smtps://", 8) == 0;
	if ((!explicit_tls && strncmp(server, "smtp://", 7) != 0) || !is_authority(server + (explicit_tls ? 8 : 7)))
		return km_fail(problem, KM_INVALID, "member",
		               "server: expected smtp://HOST:PORT (which goes over to TLS by STARTTLS) or smtps://HOST:PORT");
	if (plain && (explicit_tls || !is_this_machine(server + 7)))
		return km_fail(
			problem, KM_INVALID, "member",
			"starttls: false is for smtp:// to this machine itself (localhost) only: elsewhere the mail, and "
			"the password, could be read on the way");
	return KM_OK;
}

/* ------------------------------------------------------------------------------------------------------------ reading
 */

static enum km_error copy_member(const json_t *object, const char *member, size_t max, char **ret_text,
                                 struct km_problem *problem)
{
	const char *text;
	enum km_error error = km_json_string_optional(object, "", member, max, &text, problem);
	if (error || !text)
		return error;
	*ret_text = strdup(text);
	return *ret_text ? KM_OK : km_fail_memory(problem);
}

static enum km_error read_from(const json_t *object, struct km_mail_settings *settings, struct km_problem *problem)
{
	const char *from;
	enum km_error error = km_json_string(object, "", "from", KM_EMAIL_TEXT, &from, problem);
	if (!error && km_email_normalise(from, settings->from, NULL) != KM_OK)
		error = km_fail(problem, KM_INVALID, "member", "from: expected an e-mail address, without a name");
	return error;
}

static enum km_error read_object(const json_t *object, struct km_mail_settings *settings, struct km_problem *problem)
{
	static const char *const known[] = {"server", "from", "name", "user", "password", "ca", "starttls", NULL};
	const json_t *starttls = json_object_get(object, "starttls");
	enum km_error error = km_json_only(object, "", known, problem);
	if (!error && starttls && !json_is_boolean(starttls))
		error = km_fail(problem, KM_INVALID, "member", "starttls: expected true or false");
	settings->plain = json_is_false(starttls);
	if (!error)
		error = copy_member(object, "server", SERVER_MAX, &settings->server, problem);
	if (!error)
		error = check_server(settings->server ? settings->server : "", settings->plain, problem);
	if (!error)
		error = read_from(object, settings, problem);
	if (!error)
		error = copy_member(object, "name", NAME_MAX_CHARACTERS, &settings->name, problem);
	if (!error)
		error = copy_member(object, "user", TEXT_MAX, &settings->user, problem);
	if (!error)
		error = copy_member(object, "password", TEXT_MAX, &settings->password, problem);
	if (!error)
		error = copy_member(object, "ca", TEXT_MAX, &settings->ca, problem);
	if (!error && !settings->user != !settings->password)
		error = km_fail(problem, KM_INVALID, "member", "user and password: expected both, or neither");
	return error;
}

static enum km_error check_private(const char *path, struct km_problem *problem)
{
	struct stat status;
	if (stat(path, &status) == 0 && status.st_mode & (S_IRWXG | S_IRWXO))
		return km_fail(problem, KM_FORBIDDEN, "settings-open",
		               "%s: others than its owner can get at it, and it may hold a password: chmod go= %s", path, path);
	return KM_OK; /* what is not there is told of when it is read */
}

static void wipe_member(json_t *object, const char *member)
{
	json_t *text = json_object_get(object, member);
	if (json_is_string(text))
		km_wipe((char *)json_string_value(text), json_string_length(text));
}

static enum km_error read_file(const char *path, struct km_mail_settings *ret_settings, struct km_problem *problem)
{
	auto_mail_settings struct km_mail_settings settings = {0};
	auto_free char *text = NULL;
	json_auto_t *object = NULL;
	size_t len = 0;
	enum km_error error = check_private(path, problem);
	if (!error)
		error = km_file_read(path, FILE_MAX, &text, &len, problem);
	if (error)
		return error;
	error = km_json_parse(text, len, "the file", &object, problem);
	km_wipe(text, len);
	if (!error)
		error = read_object(object, &settings, problem);
	wipe_member(object, "password");
	if (error) {
		km_problem_prefix(problem, "%s", path);
		return error;
	}
	*ret_settings = settings;
	settings = (struct km_mail_settings){0};
	return KM_OK;
}

enum km_error km_mail_settings(const struct km_call *call, struct km_mail_settings *ret_settings,
                               struct km_problem *problem)
{
	const char *given = km_given(call, "settings"), *folder = getenv("CREDENTIALS_DIRECTORY");
	auto_buf struct km_buf path = KM_BUF_EMPTY;
	if (given)
		km_buf_add_text(&path, given);
	else if (folder && *folder)
		km_buf_add_format(&path, "%s/keurmerk-mail", folder);
	if (path.failed)
		return km_fail_memory(problem);
	if (!path.len || (!given && access(path.data, F_OK) != 0))
		return km_fail(problem, KM_ABSENT, "no-settings",
		               "nobody said which mail server to use: name the file that does with --settings FILE; `man "
		               "keurmerk-mail` shows what is in it");
	return read_file(path.data, ret_settings, problem);
}
