#include "keys/signer_link.h"

#include "base/buf.h"
#include "keys/key_folder.h"
#include "keys/signer_process.h"
#include "keys/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	START_TIMEOUT_MS = 60000, /* opening keys under a passphrase is slow by design */
	REPLY_TIMEOUT_MS = 5000,
	RESTART_AFTER_S = 1,
};

struct km_signer_link {
	struct km_signer_source source;
	char *keyset;            /* the file by which one sees that the keys have changed */
	struct stat keyset_seen; /* when the process was started */
	bool pin_refused;        /* one more process would use up one more try */
	struct km_clock clock;
	int fd; /* -1 while there is no process */
	int64_t started_at;
};

static void close_link(struct km_signer_link **link)
{
	km_signer_link_close(*link);
}
#define auto_link __attribute__((cleanup(close_link)))

/* Whoever started the process ends it; and it ends by itself where nobody can ask it any more. */
static void hang_up(struct km_signer_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

static bool set_timeout(int fd, unsigned milliseconds)
{
	struct timeval wait = {.tv_sec = milliseconds / 1000, .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0;
}

/* What the reply says: KM_OK and the text, or the signer's own problem. The signer is ours, but a reply is bytes. */
static enum km_error read_reply(const struct km_message *message, struct km_problem *problem)
{
	if (message->kind == KM_OK)
		return KM_OK;
	size_t type_len = strlen(message->bytes);
	if (message->kind > KM_BUG || type_len >= message->len)
		return km_fail(problem, KM_BUG, "signer-reply", "the signer gave an answer of no known form");
	return km_fail(problem, (enum km_error)message->kind, message->bytes, "%s", message->bytes + type_len + 1);
}

/* The message that says that it is ready. */
static enum km_error await_ready(struct km_signer_link *link, struct km_problem *problem)
{
	struct km_message message = {.bytes = NULL};
	if (!set_timeout(link->fd, START_TIMEOUT_MS))
		return km_fail(problem, KM_IO, "signer-start", "the signer's socket: %s", strerror(errno));
	enum km_error error = km_message_receive(link->fd, KM_REPLY_MAX, &message, problem);
	if (error)
		return km_fail(problem, KM_UNAVAILABLE, "signer-gone",
		               "the signer stopped while it started: the system's log may say why");
	error = read_reply(&message, problem);
	free(message.bytes);
	if (!error && !set_timeout(link->fd, link->source.reply_timeout_ms))
		error = km_fail(problem, KM_IO, "signer-start", "the signer's socket: %s", strerror(errno));
	return error;
}

/* All zero where there is no such file. */
static struct stat look_at(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		memset(&status, 0, sizeof status);
	return status;
}

/* The file is replaced, never written to: another one has another number, or at least another time. */
static bool keys_have_changed(const struct km_signer_link *link)
{
	const struct stat now = look_at(link->keyset), *seen = &link->keyset_seen;
	return now.st_ino != seen->st_ino || now.st_dev != seen->st_dev || now.st_mtim.tv_sec != seen->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != seen->st_mtim.tv_nsec;
}

static enum km_error start(struct km_signer_link *link, struct km_problem *problem)
{
	link->keyset_seen = look_at(link->keyset);
	link->started_at = km_clock_now(&link->clock);
	struct km_problem own = {0};
	if (!problem)
		problem = &own;
	enum km_error error = link->source.open(link->source.context, &link->fd, problem);
	if (!error)
		error = await_ready(link, problem);
	if (error)
		hang_up(link);
	link->pin_refused = error == KM_UNPROVEN && strncmp(problem->type, "pin-", 4) == 0;
	return error;
}

enum km_error km_signer_link_start(const struct km_signer_source *source, const struct km_clock *clock,
                                   struct km_signer_link **ret_link, struct km_problem *problem)
{
	auto_link struct km_signer_link *link = calloc(1, sizeof *link);
	if (!link)
		return km_fail_memory(problem);
	link->fd = -1;
	link->clock = *clock;
	link->source = *source;
	if (!link->source.reply_timeout_ms)
		link->source.reply_timeout_ms = REPLY_TIMEOUT_MS;
	link->keyset = km_key_folder_keyset_path(source->folder);
	enum km_error error = link->keyset ? start(link, problem) : km_fail_memory(problem);
	if (error)
		return error;
	*ret_link = link;
	link = NULL;
	return KM_OK;
}

void km_signer_link_close(struct km_signer_link *link)
{
	if (!link)
		return;
	hang_up(link);
	free(link->keyset);
	free(link);
}

/* Sees to it that there is a process, with the keys as they are now: one that has signed for the last key set has keys
 * that sign no more, and lacks those that do. */
static enum km_error be_ready(struct km_signer_link *link, struct km_problem *problem)
{
	int64_t now = km_clock_now(&link->clock);
	bool changed = keys_have_changed(link);
	if (link->fd >= 0 && !changed)
		return KM_OK;
	hang_up(link);
	if (link->pin_refused && !changed)
		return km_fail(
			problem, KM_UNAVAILABLE, "signer-gone",
			"the token with the registry's keys does not take the PIN: correct it, and start the registry anew");
	/* A clock that is set back must not keep it from starting. */
	if (!changed && now >= link->started_at && now < link->started_at + RESTART_AFTER_S)
		return km_fail(problem, KM_UNAVAILABLE, "signer-gone", "the signer has stopped: try again in a moment");
	if (start(link, problem) == KM_OK)
		return KM_OK;
	km_problem_prefix(problem, "the signer does not start again");
	if (problem)
		problem->code = KM_UNAVAILABLE;
	return KM_UNAVAILABLE;
}

/* More than a socket's buffers hold must not be on its way, or both ends would wait for the other to read. */
enum { ON_THE_WAY_MAX = 16, ON_THE_WAY_BYTES = 32 * 1024 };

/* The first bad news is kept in `problem`, and what is on its way is still waited for: a late reply must not become the
 * answer to another question. */
static enum km_error exchange(struct km_signer_link *link, struct km_question *questions, size_t len,
                              enum km_error *ret_refused, struct km_problem *problem)
{
	size_t sent = 0, answered = 0, on_the_way = 0;
	*ret_refused = KM_OK;
	while (answered < len) {
		struct km_message message = {.bytes = NULL};
		struct km_problem refusal;
		enum km_error error = KM_OK;
		while (!error && !*ret_refused && sent < len && sent - answered < ON_THE_WAY_MAX &&
		       (sent == answered || on_the_way + questions[sent].len <= ON_THE_WAY_BYTES)) {
			const struct km_question *question = &questions[sent++];
			error = km_message_send(link->fd, question->kind, question->bytes, question->len, problem);
			on_the_way += question->len;
		}
		if (!error && sent == answered) /* refused, and nothing is on its way */
			return KM_OK;
		if (!error)
			error = km_message_receive(link->fd, KM_REPLY_MAX, &message, problem);
		if (error)
			return error;
		enum km_error refused = read_reply(&message, &refusal);
		if (refused && !*ret_refused && problem)
			*problem = refusal;
		if (refused) {
			free(message.bytes);
			*ret_refused = *ret_refused ? *ret_refused : refused;
		} else
			questions[answered].reply = message.bytes;
		on_the_way -= questions[answered++].len;
	}
	return KM_OK;
}

enum km_error km_signer_link_ask_all(struct km_signer_link *link, struct km_question *questions, size_t len,
                                     struct km_problem *problem)
{
	enum km_error refused = KM_OK, error = be_ready(link, problem);
	if (error)
		return error;
	error = exchange(link, questions, len, &refused, problem);
	if (error)
		hang_up(link);
	if (error && error != KM_NO_MEMORY && error != KM_UNAVAILABLE)
		error = km_fail(problem, KM_UNAVAILABLE, "signer-gone", "the signer has stopped: try again in a moment");
	for (size_t i = 0; (error || refused) && i < len; i++) {
		free(questions[i].reply);
		questions[i].reply = NULL;
	}
	return error ? error : refused;
}

enum km_error km_signer_link_ask(struct km_signer_link *link, uint32_t kind, const char *bytes, size_t len,
                                 char **ret_reply, struct km_problem *problem)
{
	struct km_question question = {.kind = kind, .bytes = bytes, .len = len};
	enum km_error error = km_signer_link_ask_all(link, &question, 1, problem);
	if (!error)
		*ret_reply = question.reply;
	return error;
}
