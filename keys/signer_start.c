#include "keys/signer_start.h"

#include "base/buf.h"
#include "keys/key_folder.h"
#include "keys/signer_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct km_signer_starter {
	char *program, *folder, *passphrase_file; /* the last may be NULL */
	char uid[16], gid[16];
	bool logs_signatures;
	char **environment;
	pid_t pid; /* 0 while there is none */
};

static void free_starter(struct km_signer_starter **starter)
{
	km_signer_starter_free(*starter);
}
#define auto_starter __attribute__((cleanup(free_starter)))

/* It has nothing to finish or to save: what it was asked is lost to the server in any case. */
static void end_process(struct km_signer_starter *starter)
{
	if (starter->pid > 0) {
		kill(starter->pid, SIGKILL);
		while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	starter->pid = 0;
}

static bool has_token(const struct km_signer_starter *starter)
{
	struct km_keyset set;
	auto_free char *uri = NULL;
	if (km_key_folder_keyset(starter->folder, &set, NULL))
		return false;
	for (size_t i = 0; !uri && i < set.len; i++)
		km_key_folder_token(starter->folder, &set.entries[i], &uri, NULL);
	return uri;
}

/* Nothing of ours goes along but the socket and the place for last words: no environment, where none is needed, no open
 * file, no blocked signal. */
static int spawn(const struct km_signer_starter *starter, int socket, pid_t *ret_pid)
{
	/* Arguments are only read, whatever the type says. */
	char name[] = "keurmerk", command[] = KM_SIGNER_COMMAND, none[] = "", log[] = KM_SIGNER_LOGS;
	char *arguments[] = {name,
	                     command,
	                     starter->folder,
	                     starter->passphrase_file ? starter->passphrase_file : none,
	                     (char *)starter->uid,
	                     (char *)starter->gid,
	                     starter->logs_signatures ? log : none,
	                     NULL};
#ifdef __SANITIZE_ADDRESS__
	/* Looking for leaks at the end takes system calls that the signer has given up. */
	char no_leaks[] = "ASAN_OPTIONS=detect_leaks=0";
	char *nothing[] = {no_leaks, NULL};
#else
	char *nothing[] = {NULL};
#endif
	/* The module of a token goes by variables of its own, such as SOFTHSM2_CONF. */
	char **environment = starter->environment && has_token(starter) ? starter->environment : nothing;
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
		failed = posix_spawn(ret_pid, starter->program, &files, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return failed;
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

enum km_error km_signer_starter_new(const struct km_signer_process *process, struct km_signer_starter **ret_starter,
                                    struct km_problem *problem)
{
	auto_starter struct km_signer_starter *starter = calloc(1, sizeof *starter);
	if (!starter)
		return km_fail_memory(problem);
	starter->environment = process->environment;
	starter->logs_signatures = process->logs_signatures;
	snprintf(starter->uid, sizeof starter->uid, "%lu", (unsigned long)process->uid);
	snprintf(starter->gid, sizeof starter->gid, "%lu", (unsigned long)process->gid);
	starter->program = strdup(process->program);
	if (!starter->program)
		return km_fail_memory(problem);
	enum km_error error = settle(process->folder, &starter->folder, problem);
	if (!error && process->passphrase_file)
		error = settle(process->passphrase_file, &starter->passphrase_file, problem);
	if (error)
		return error;
	*ret_starter = starter;
	starter = NULL;
	return KM_OK;
}

void km_signer_starter_free(struct km_signer_starter *starter)
{
	if (!starter)
		return;
	end_process(starter);
	free(starter->program);
	free(starter->folder);
	free(starter->passphrase_file);
	free(starter);
}

enum km_error km_signer_starter_renew(struct km_signer_starter *starter, int *ret_fd, struct km_problem *problem)
{
	int ends[2];
	end_process(starter);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return km_fail(problem, KM_UNAVAILABLE, "signer-start", "the signer cannot be started: %s", strerror(errno));
	int failed = spawn(starter, ends[1], &starter->pid);
	close(ends[1]);
	if (failed) {
		starter->pid = 0;
		close(ends[0]);
		return km_fail(problem, KM_UNAVAILABLE, "signer-start", "the signer cannot be started (%s): %s",
		               starter->program, strerror(failed));
	}
	*ret_fd = ends[0];
	return KM_OK;
}

pid_t km_signer_starter_process(const struct km_signer_starter *starter)
{
	return starter->pid;
}
