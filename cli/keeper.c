#include "cli/keeper.h"

#include "cli/domain_watch.h"
#include "cli/line.h"
#include "cli/supervisor.h"
#include "keys/sandbox.h"
#include "keys/signer_start.h"
#include "registry/store.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_OUT_AGAIN_S = 60,
	/* A new signer has signed nothing yet, as far as its own bounds go: so whoever got into the server cannot have as
	 * many as it likes. */
	SIGNERS_AT_ONCE = 20,
	SIGNER_EACH_S = 30,
};

struct keeper {
	const struct km_service_options *options;
	struct km_signer_starter *signer; /* NULL where the server signs by itself */
	int line, signals;                /* -1: not there, or no longer */
	pid_t server, look_out;           /* 0 while there is none */
	time_t look_out_at;               /* when that is to be started, by a clock that nobody sets */
	time_t signers_paid;              /* each new one moves this on; it may not be ahead by more than so many at once */
	bool ready, stopping;
	enum km_error error; /* of the server, as it told */
	struct km_problem *problem;
};

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void log_fault(void *context, const char *line)
{
	const struct keeper *keeper = context;
	km_service_log(keeper->options, true, line);
}

/* ------------------------------------------------------------------------------------------------------ the others */

/* Forks; 0 in the new process, which is called `name` and ends with the keeper, however that ends. */
static enum km_error start(const char *name, pid_t *ret_process, struct km_problem *problem)
{
	pid_t keeper = getpid();
	fflush(NULL); /* or it would be written twice */
	pid_t process = fork();
	if (process < 0)
		return km_fail(problem, KM_UNAVAILABLE, "start", "no process could be started: %s", strerror(errno));
	if (process == 0) {
		prctl(PR_SET_NAME, name, 0, 0, 0);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != keeper)
			_exit(EXIT_FAILURE);
	}
	*ret_process = process;
	return KM_OK;
}

static enum km_error start_server(struct keeper *keeper)
{
	int line[2];
	enum km_error error = km_line_make(line, keeper->problem);
	if (error)
		return error;
	error = start("keurmerk-server", &keeper->server, keeper->problem);
	if (!error && keeper->server == 0) {
		close(line[0]);
		close(keeper->signals);
		struct km_problem problem = {0};
		error = km_service_run(keeper->options, line[1], &problem);
		if (error)
			km_line_say(line[1], KM_LINE_FAILED, &problem, -1);
		exit(error ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(line[1]);
	/* The keeper accepts nothing; and the port is to be free as soon as the server is gone. */
	if (keeper->options->listening)
		close(keeper->options->listening);
	if (error)
		close(line[0]);
	else
		keeper->line = line[0];
	return error;
}

static void start_look_out(struct keeper *keeper)
{
	struct km_problem problem = {0};
	enum km_error error = start("keurmerk-domain", &keeper->look_out, &problem);
	if (!error && keeper->look_out == 0) {
		close(keeper->line);
		close(keeper->signals);
		struct km_domain_watch *watch;
		error = km_domain_watch_start(keeper->options->home->database, keeper->options->domains, keeper->options->clock,
		                              log_fault, keeper, &watch, &problem);
		while (!error)
			pause(); /* until it is killed, which harms nothing: what it finds is written down as a whole */
		log_fault(keeper, problem.message);
		_exit(EXIT_FAILURE);
	}
	if (error)
		log_fault(keeper, problem.message);
	keeper->look_out_at = seconds() + LOOK_OUT_AGAIN_S;
}

static void end(pid_t *process)
{
	if (*process <= 0)
		return;
	kill(*process, SIGKILL);
	while (waitpid(*process, NULL, 0) < 0 && errno == EINTR)
		;
	*process = 0;
}

/* -------------------------------------------------------------------------------------------------------- what comes
 */

static enum km_error renew_signer(struct keeper *keeper, int *ret_fd, struct km_problem *problem)
{
	time_t now = seconds();
	if (!keeper->signer)
		return km_fail(problem, KM_BUG, "line", "the server signs by itself");
	if (keeper->signers_paid < now)
		keeper->signers_paid = now;
	if (keeper->signers_paid - now > (SIGNERS_AT_ONCE - 1) * SIGNER_EACH_S)
		return km_fail(problem, KM_UNAVAILABLE, "signer-gone",
		               "the signer was started anew too often: try again in a moment");
	keeper->signers_paid += SIGNER_EACH_S;
	return km_signer_starter_renew(keeper->signer, ret_fd, problem);
}

static void give_signer(struct keeper *keeper)
{
	struct km_problem problem = {0};
	int fd = -1;
	enum km_error error = renew_signer(keeper, &fd, &problem);
	km_line_say(keeper->line, KM_LINE_SIGNER, error ? &problem : NULL, fd);
	if (fd >= 0)
		close(fd); /* the signer ends with the last copy */
}

static void obey(struct keeper *keeper, const struct km_line_message *message)
{
	switch (message->word) {
	case KM_LINE_READY:
		keeper->ready = true;
		km_supervisor_tell("READY=1");
		break;
	case KM_LINE_WELL:
		km_supervisor_tell("WATCHDOG=1");
		break;
	case KM_LINE_SIGNER:
		give_signer(keeper);
		break;
	default:
		keeper->error = km_fail(keeper->problem, message->problem.code ? message->problem.code : KM_BUG,
		                        message->problem.type, "%s", message->problem.message);
	}
}

static void listen_to_server(struct keeper *keeper)
{
	struct km_line_message message;
	int fd = -1;
	enum km_error error;
	while ((error = km_line_hear(keeper->line, true, &message, &fd)) == KM_OK) {
		if (fd >= 0)
			close(fd); /* it has nothing to give */
		obey(keeper, &message);
	}
	if (error == KM_ABSENT)
		return;
	close(keeper->line); /* it is gone, or makes no sense, which does not get better */
	keeper->line = -1;
}

static void note_end_of_server(struct keeper *keeper, int status)
{
	keeper->server = 0;
	if (keeper->line >= 0) /* its last words */
		listen_to_server(keeper);
	if (keeper->error || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
		return;
	keeper->error = km_fail(keeper->problem, KM_IO, "server-gone",
	                        WIFSIGNALED(status) ? "the server was ended by signal %d (%s)" : "the server ended (%d)%s",
	                        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
	                        WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "");
}

static void reap(struct keeper *keeper)
{
	int status;
	if (keeper->server > 0 && waitpid(keeper->server, &status, WNOHANG) == keeper->server)
		note_end_of_server(keeper, status);
	if (keeper->look_out > 0 && waitpid(keeper->look_out, &status, WNOHANG) == keeper->look_out) {
		keeper->look_out = 0;
		log_fault(keeper, "looking at domains has stopped; it begins anew in a minute");
	}
}

static void take_signal(struct keeper *keeper)
{
	struct signalfd_siginfo signal;
	if (read(keeper->signals, &signal, sizeof signal) != (ssize_t)sizeof signal)
		return;
	if (signal.ssi_signo == SIGCHLD) {
		reap(keeper);
		return;
	}
	bool stop = signal.ssi_signo != SIGHUP;
	if (stop && !keeper->stopping)
		km_supervisor_tell("STOPPING=1");
	else if (!stop && keeper->ready)
		km_supervisor_tell("RELOADING=1");
	keeper->stopping |= stop;
	if (keeper->server > 0)
		kill(keeper->server, stop ? SIGTERM : SIGHUP);
}

/* For how long nothing needs to be done but what comes, in milliseconds; -1: without end. */
static int wait_ms(const struct keeper *keeper)
{
	if (!keeper->options->domains || keeper->look_out > 0 || keeper->stopping)
		return -1;
	time_t now = seconds();
	return now >= keeper->look_out_at ? 0 : (int)(keeper->look_out_at - now) * 1000;
}

static void keep(struct keeper *keeper)
{
	while (keeper->server > 0) {
		struct pollfd waits[] = {{.fd = keeper->signals, .events = POLLIN}, {.fd = keeper->line, .events = POLLIN}};
		if (keeper->ready && wait_ms(keeper) == 0)
			start_look_out(keeper);
		poll(waits, 2, keeper->ready ? wait_ms(keeper) : -1);
		if (waits[1].revents)
			listen_to_server(keeper);
		if (waits[0].revents)
			take_signal(keeper);
	}
}

/* ------------------------------------------------------------------------------------------------- start and finish */

static enum km_error prepare(struct keeper *keeper)
{
	const struct km_service_options *options = keeper->options;
	const struct km_signer_process process = {
		.program = "/proc/self/exe",
		.folder = options->home->keys,
		.passphrase_file = options->passphrase_file,
		.logs_signatures = options->logs_signatures,
		.environment = environ,
	};
	km_service_hold_signals();
	sigset_t ours = km_service_signals();
	sigaddset(&ours, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	keeper->signals = signalfd(-1, &ours, SFD_CLOEXEC);
	if (keeper->signals < 0)
		return km_fail(keeper->problem, KM_UNAVAILABLE, "start", "no signals can be taken: %s", strerror(errno));
	enum km_error error = km_sandbox_harden(keeper->problem);
	if (!error && !options->clock_file)
		error = km_signer_starter_new(&process, &keeper->signer, keeper->problem);
	return error;
}

/* The server may not remove a file. So its log is put into the register here, where nobody uses it any more; or a
 * register that is put in its place would meet the log of another. */
static void tidy_up(const struct km_service_options *options)
{
	struct km_store *store = NULL;
	if (km_store_open(options->home->database, KM_STORE_WRITE, &store, NULL) == KM_OK)
		km_store_close(store);
}

enum km_error km_keeper_run(const struct km_service_options *options, struct km_problem *problem)
{
	struct keeper keeper = {.options = options, .line = -1, .signals = -1, .problem = problem};
	enum km_error error = prepare(&keeper);
	if (!error)
		error = start_server(&keeper);
	if (!error) {
		keep(&keeper);
		error = keeper.error;
	}
	end(&keeper.look_out);
	km_signer_starter_free(keeper.signer);
	if (keeper.line >= 0)
		close(keeper.line);
	if (keeper.signals >= 0)
		close(keeper.signals);
	if (keeper.ready)
		tidy_up(options);
	return error;
}
