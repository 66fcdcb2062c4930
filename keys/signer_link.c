#include "keys/signer_link.h"

#include "base/buf.h"
#include "keys/key_folder.h"
#include "keys/signer_process.h"
#include "keys/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	START_TIMEOUT_MS = 60000, /* opening keys under a passphrase is slow by design */
	REPLY_TIMEOUT_MS = 5000,
	RESTART_AFTER_S = 1,
};

struct km_signer_link {
	char *program, *folder, *passphrase_file; /* the last may be NULL */
	char *keyset;                             /* the file by which one sees that the keys have changed */
	struct stat keyset_seen;                  /* when the process was started */
	char uid[16], gid[16];
	unsigned reply_timeout_ms;
	char **environment;
	bool pin_refused; /* one more process would use up one more try */
	struct km_clock clock;
	int fd;    /* -1 while there is no process */
	pid_t pid; /* 0 likewise */
	int64_t started_at;
};

static void close_link(struct km_signer_link **link)
{
	km_signer_link_close(*link);
}
#define auto_link __attribute__((cleanup(close_link)))

/* It has nothing to finish or to save: what it was asked is lost to us in any case. */
static void end_process(struct km_signer_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	if (link->pid > 0) {
		kill(link->pid, SIGKILL);
		while (waitpid(link->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	link->pid = 0;
}

static bool has_token(const struct km_signer_link *link)
{
	struct km_keyset set;
	auto_free char *uri = NULL;
	if (km_key_folder_keyset(link->folder, &set, NULL))
		return false;
	for (size_t i = 0; !uri && i < set.len; i++)
		km_key_folder_token(link->folder, &set.entries[i], &uri, NULL);
	return uri;
}

/* Nothing of ours goes along but the socket and the place for last words: no environment, where none is needed, no open
 * file, no blocked signal. */
static int spawn(const struct km_signer_link *link, int socket, pid_t *ret_pid)
{
	/* Arguments are only read, whatever the type says. */
	char name[] = "keurmerk", command[] = KM_SIGNER_COMMAND, none[] = "";
	char *arguments[] = {name,
	                     command,
	                     link->folder,
	                     link->passphrase_file ? link->passphrase_file : none,
	                     (char *)link->uid,
	                     (char *)link->gid,
	                     NULL};
#ifdef __SANITIZE_ADDRESS__
	/* Looking for leaks at the end takes system calls that the signer has given up. */
	char no_leaks[] = "ASAN_OPTIONS=detect_leaks=0";
	char *nothing[] = {no_leaks, NULL};
#else
	char *nothing[] = {NULL};
#endif
	/* The module of a token goes by variables of its own, such as SOFTHSM2_CONF. */
	char **environment = link->environment && has_token(link) ? link->environment : nothing;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t signals;
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	sigemptyset(&signals);
	int failed = posix_spawnattr_setsigmask(&attributes, &signals);
	if (!failed)
		failed = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	if (!failed)
		failed = posix_spawn_file_actions_adddup2(&files, socket, KM_SIGNER_FD);
	if (!failed)
		failed = posix_spawn_file_actions_addclosefrom_np(&files, KM_SIGNER_FD + 1);
	if (!failed)
		failed = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!failed)
		failed = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!failed)
		failed = posix_spawn(ret_pid, link->program, &files, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
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
	if (!error && !set_timeout(link->fd, link->reply_timeout_ms))
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
	int ends[2];
	link->keyset_seen = look_at(link->keyset);
	link->started_at = km_clock_now(&link->clock);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return km_fail(problem, KM_UNAVAILABLE, "signer-start", "the signer cannot be started: %s", strerror(errno));
	int failed = spawn(link, ends[1], &link->pid);
	close(ends[1]);
	link->fd = ends[0];
	enum km_error error = KM_OK;
	struct km_problem own = {0};
	if (!problem)
		problem = &own;
	if (failed) {
		link->pid = 0;
		error = km_fail(problem, KM_UNAVAILABLE, "signer-start", "the signer cannot be started (%s): %s", link->program,
		                strerror(failed));
	} else {
		error = await_ready(link, problem);
	}
	if (error)
		end_process(link);
	link->pin_refused = error == KM_UNPROVEN && strncmp(problem->type, "pin-", 4) == 0;
	return error;
}

/* The path from the root, for the working folder may be another when the process is started anew. One that leads
 * nowhere stays as it is: the signer has the words for that. */
static enum km_error settle(const char *path, char **ret_path, struct km_problem *problem)
{
	char *settled = realpath(path, NULL);
	if (!settled)
		settled = strdup(path);
	if (!settled)
		return km_fail_memory(problem);
	*ret_path = settled;
	return KM_OK;
}

enum km_error km_signer_link_start(const struct km_signer_process *process, const struct km_clock *clock,
                                   struct km_signer_link **ret_link, struct km_problem *problem)
{
	auto_link struct km_signer_link *link = calloc(1, sizeof *link);
	if (!link)
		return km_fail_memory(problem);
	link->fd = -1;
	link->clock = *clock;
	link->environment = process->environment;
	link->reply_timeout_ms = process->reply_timeout_ms ? process->reply_timeout_ms : REPLY_TIMEOUT_MS;
	snprintf(link->uid, sizeof link->uid, "%lu", (unsigned long)process->uid);
	snprintf(link->gid, sizeof link->gid, "%lu", (unsigned long)process->gid);
	link->program = strdup(process->program);
	if (!link->program)
		return km_fail_memory(problem);
	enum km_error error = settle(process->folder, &link->folder, problem);
	if (!error && process->passphrase_file)
		error = settle(process->passphrase_file, &link->passphrase_file, problem);
	if (!error && !(link->keyset = km_key_folder_keyset_path(link->folder)))
		error = km_fail_memory(problem);
	if (!error)
		error = start(link, problem);
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
	end_process(link);
	free(link->program);
	free(link->folder);
	free(link->passphrase_file);
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
	end_process(link);
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

static enum km_error exchange(struct km_signer_link *link, uint32_t kind, const char *bytes, size_t len,
                              struct km_message *ret_message, struct km_problem *problem)
{
	enum km_error error = km_message_send(link->fd, kind, bytes, len, problem);
	if (!error)
		error = km_message_receive(link->fd, KM_REPLY_MAX, ret_message, problem);
	if (!error || error == KM_NO_MEMORY || error == KM_UNAVAILABLE)
		return error;
	return km_fail(problem, KM_UNAVAILABLE, "signer-gone", "the signer has stopped: try again in a moment");
}

enum km_error km_signer_link_ask(struct km_signer_link *link, uint32_t kind, const char *bytes, size_t len,
                                 char **ret_reply, struct km_problem *problem)
{
	struct km_message message = {.bytes = NULL};
	enum km_error error = be_ready(link, problem);
	if (error)
		return error;
	error = exchange(link, kind, bytes, len, &message, problem);
	if (error) {
		end_process(link); /* a late reply must not become the answer to another question */
		return error;
	}
	auto_free char *reply = message.bytes;
	error = read_reply(&message, problem);
	if (error)
		return error;
	*ret_reply = reply;
	reply = NULL;
	return KM_OK;
}

pid_t km_signer_link_process(const struct km_signer_link *link)
{
	return link->pid;
}
