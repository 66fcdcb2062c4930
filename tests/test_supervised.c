/* The program under a supervisor such as systemd, whose part this test plays: with its socket, in its words. */
#include "tests/folder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { WAIT_MS = 20000, LISTEN_FD = 3, PATH_TEXT = 4096 };

struct supervised {
	char program[PATH_TEXT];
	uint16_t port;
	int listening, told;
	pid_t process;
};

static void set_up_sockets(struct supervised *supervised)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_un here = {.sun_family = AF_UNIX, .sun_path = "told"};
	socklen_t len = sizeof address;
	supervised->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(supervised->listening, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(supervised->listening, 16), 0);
	assert_int_equal(getsockname(supervised->listening, (struct sockaddr *)&address, &len), 0);
	supervised->port = ntohs(address.sin_port);
	supervised->told = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unlink("told");
	assert_int_equal(bind(supervised->told, (struct sockaddr *)&here, sizeof here), 0);
}

/* Becomes the program, with a descriptor that is no socket where `listening` is -1. */
static void become(const struct supervised *supervised, int listening, const char *count)
{
	char pid[24], folder[PATH_TEXT], path[PATH_TEXT + 8];
	snprintf(pid, sizeof pid, "%ld", (long)getpid());
	if (!getcwd(folder, sizeof folder))
		_exit(126);
	snprintf(path, sizeof path, "%s/told", folder);
	int socket = listening >= 0 ? fcntl(listening, F_DUPFD_CLOEXEC, 10) : open("/dev/null", O_RDONLY);
	if (dup2(socket, LISTEN_FD) < 0)
		_exit(126);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_PID", pid, 1);
	setenv("WATCHDOG_USEC", "400000", 1);
	execl(supervised->program, supervised->program, "serve", "--home", "home", (char *)NULL);
	_exit(127);
}

static void start(struct supervised *supervised, int listening, const char *count)
{
	supervised->process = fork();
	assert_true(supervised->process >= 0);
	if (supervised->process == 0)
		become(supervised, listening, count);
}

/* Waits until it is told this, whatever else comes before that. */
static bool is_told(const struct supervised *supervised, const char *state)
{
	for (;;) {
		struct pollfd wait = {.fd = supervised->told, .events = POLLIN};
		char text[200];
		if (poll(&wait, 1, WAIT_MS) != 1)
			return false;
		ssize_t len = recv(supervised->told, text, sizeof text - 1, 0);
		if (len > 0 && (size_t)len == strlen(state) && memcmp(text, state, (size_t)len) == 0)
			return true;
	}
}

static int ask(const struct supervised *supervised)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(supervised->port)};
	static const char request[] = "GET /readyz HTTP/1.1\r\nHost: keurmerk.example\r\nConnection: close\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(send(fd, request, sizeof request - 1, MSG_NOSIGNAL), (ssize_t)sizeof request - 1);
	return fd;
}

static void is_answered(int fd)
{
	char text[64] = "";
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	assert_int_equal(poll(&wait, 1, WAIT_MS), 1);
	assert_true(recv(fd, text, sizeof text - 1, 0) > 0);
	assert_memory_equal(text, "HTTP/1.1 200", 12);
	close(fd);
}

/* How it ended; -1 where it did not. */
static int end_of(const struct supervised *supervised)
{
	for (int waited_ms = 0; waited_ms < WAIT_MS; waited_ms += 20) {
		int status;
		if (waitpid(supervised->process, &status, WNOHANG) == supervised->process)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
		usleep(20000);
	}
	kill(supervised->process, SIGKILL);
	return -1;
}

static void make(struct supervised *supervised)
{
	const char *program = getenv("KEURMERK");
	if (!program)
		skip();
	snprintf(supervised->program, sizeof supervised->program, "%s", program);
	assert_int_equal(RUN(program, "init", "--home", "home", "--url", "https://keurmerk.example"), 0);
	set_up_sockets(supervised);
}

static void done(const struct supervised *supervised)
{
	close(supervised->listening);
	close(supervised->told);
}

static void it_answers_on_the_socket_it_is_given_and_says_how_it_is(void **state)
{
	(void)state;
	struct supervised supervised = {.process = 0};
	make(&supervised);
	int early = ask(&supervised); /* nobody is there yet, and nobody is turned away */
	start(&supervised, supervised.listening, "1");
	assert_true(is_told(&supervised, "READY=1"));
	is_answered(early);
	is_answered(ask(&supervised));
	assert_true(is_told(&supervised, "WATCHDOG=1"));
	assert_int_equal(kill(supervised.process, SIGHUP), 0);
	assert_true(is_told(&supervised, "RELOADING=1"));
	assert_true(is_told(&supervised, "READY=1"));
	is_answered(ask(&supervised));
	assert_int_equal(kill(supervised.process, SIGTERM), 0);
	assert_true(is_told(&supervised, "STOPPING=1"));
	assert_int_equal(end_of(&supervised), 0);
	done(&supervised);
}

static void a_request_that_comes_while_it_is_started_anew_is_answered(void **state)
{
	(void)state;
	struct supervised supervised = {.process = 0};
	make(&supervised);
	for (int i = 0; i < 2; i++) {
		start(&supervised, supervised.listening, "1");
		assert_true(is_told(&supervised, "READY=1"));
		assert_int_equal(kill(supervised.process, SIGTERM), 0);
		assert_true(is_told(&supervised, "STOPPING=1"));
		assert_int_equal(end_of(&supervised), 0);
	}
	int between = ask(&supervised);
	start(&supervised, supervised.listening, "1");
	is_answered(between);
	assert_int_equal(kill(supervised.process, SIGTERM), 0);
	assert_int_equal(end_of(&supervised), 0);
	done(&supervised);
}

/* The process that the keeper started under this name; 0 where there is none. */
static pid_t find_child(const struct supervised *supervised, const char *name)
{
	char path[96], text[2000] = "";
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)supervised->process, (long)supervised->process);
	km_test_read(path, text, sizeof text);
	for (char *at = text, *next; strtol(at, &next, 10) > 0; at = next) {
		char comm[32] = "";
		long child = strtol(at, NULL, 10);
		snprintf(path, sizeof path, "/proc/%ld/comm", child);
		km_test_read(path, comm, sizeof comm);
		if (strncmp(comm, name, strlen(name)) == 0)
			return (pid_t)child;
	}
	return 0;
}

/* Forgets what it was told; then whether it is told anything within a second. */
static bool is_told_more(const struct supervised *supervised)
{
	char text[200];
	while (recv(supervised->told, text, sizeof text, MSG_DONTWAIT) >= 0) {
	}
	struct pollfd wait = {.fd = supervised->told, .events = POLLIN};
	return poll(&wait, 1, 1000) == 1;
}

static void a_server_that_hangs_is_not_said_to_be_well(void **state)
{
	(void)state;
	struct supervised supervised = {.process = 0};
	make(&supervised);
	start(&supervised, supervised.listening, "1");
	assert_true(is_told(&supervised, "WATCHDOG=1"));
	pid_t server = find_child(&supervised, "keurmerk-server");
	assert_int_not_equal(server, 0);
	assert_int_equal(kill(server, SIGSTOP), 0);
	usleep(100000); /* what it said just before */
	assert_false(is_told_more(&supervised));
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_true(is_told(&supervised, "WATCHDOG=1"));
	assert_int_equal(kill(supervised.process, SIGTERM), 0);
	assert_int_equal(end_of(&supervised), 0);
	done(&supervised);
}

static void a_server_that_is_killed_is_a_failure_of_all(void **state)
{
	(void)state;
	struct supervised supervised = {.process = 0};
	make(&supervised);
	start(&supervised, supervised.listening, "1");
	assert_true(is_told(&supervised, "READY=1"));
	pid_t signer = find_child(&supervised, "keurmerk-signer");
	assert_int_not_equal(signer, 0);
	assert_int_equal(kill(find_child(&supervised, "keurmerk-server"), SIGKILL), 0);
	assert_int_equal(end_of(&supervised), 1);
	assert_int_equal(kill(signer, 0), -1);
	int between = ask(&supervised); /* waits at the supervisor's socket for the next one */
	start(&supervised, supervised.listening, "1");
	is_answered(between);
	assert_int_equal(kill(supervised.process, SIGTERM), 0);
	assert_int_equal(end_of(&supervised), 0);
	done(&supervised);
}

static void what_is_no_listening_socket_is_refused(void **state)
{
	(void)state;
	struct supervised supervised = {.process = 0};
	make(&supervised);
	start(&supervised, -1, "1");
	assert_int_equal(end_of(&supervised), 1);
	start(&supervised, supervised.told, "1");
	assert_int_equal(end_of(&supervised), 1);
	start(&supervised, supervised.listening, "2");
	assert_int_equal(end_of(&supervised), 1);
	done(&supervised);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(it_answers_on_the_socket_it_is_given_and_says_how_it_is),
		KM_TEST_IN_FOLDER(a_request_that_comes_while_it_is_started_anew_is_answered),
		KM_TEST_IN_FOLDER(a_server_that_hangs_is_not_said_to_be_well),
		KM_TEST_IN_FOLDER(a_server_that_is_killed_is_a_failure_of_all),
		KM_TEST_IN_FOLDER(what_is_no_listening_socket_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
