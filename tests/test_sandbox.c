#include "tests/folder.h"

#include "keys/sandbox.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { SOCKET = 3 };

static void open_a_file(void)
{
	syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
static void make_a_socket(void)
{
	syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static void start_a_program(void)
{
	syscall(SYS_execve, "/bin/true", NULL, NULL);
}
static void make_a_process(void)
{
	syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static void trace_another(void)
{
	syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), 0, 0);
}
static void signal_another(void)
{
	syscall(SYS_kill, 1, 0);
}
static void map_code(void)
{
	syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void read_another_descriptor(void)
{
	char byte;
	syscall(SYS_read, STDIN_FILENO, &byte, 1);
}
static void write_to_standard_output(void)
{
	syscall(SYS_write, STDOUT_FILENO, "", 0);
}
static void send_elsewhere(void)
{
	struct msghdr message = {.msg_iov = NULL};
	syscall(SYS_sendmsg, STDOUT_FILENO, &message, 0);
}
static void become_root(void)
{
	syscall(SYS_setuid, 0);
}
static void do_nothing(void)
{
}

static void read_another_process(void)
{
	syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}
static void look_elsewhere(void)
{
	syscall(SYS_chroot, "/");
}
static void load_a_program_into_the_kernel(void)
{
	syscall(SYS_bpf, 0, NULL, 0);
}
static void work_as_a_server(void)
{
	int ends[2];
	pid_t child = fork();
	if (child == 0)
		_exit(execl("/bin/true", "true", NULL));
	int status;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || open("/etc/passwd", O_RDONLY) < 0 ||
	    waitpid(child, &status, 0) != child || status != 0)
		_exit(8);
}

/* How a process ends that fences itself in, as the signer or as the server, and then does this. */
static int end_of(void (*deed)(void), bool server)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if ((server ? km_sandbox_harden(NULL) : km_sandbox_enter(SOCKET, NULL)) != KM_OK)
			_exit(9);
		deed();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void a_forbidden_system_call_is_the_last(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		open_a_file, make_a_socket,           start_a_program,          make_a_process, trace_another, signal_another,
		map_code,    read_another_descriptor, write_to_standard_output, send_elsewhere, become_root,
	};
	assert_int_equal(end_of(do_nothing, false), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i], false);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static void a_server_looks_into_nobody_and_changes_no_kernel(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {trace_another, read_another_process, look_elsewhere,
	                                      load_a_program_into_the_kernel};
	if (sanitized) /* these look into it themselves */
		skip();
	assert_int_equal(end_of(work_as_a_server, true), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i], true);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_server_looks_into_nobody_and_changes_no_kernel),
		KM_TEST_IN_FOLDER(a_forbidden_system_call_is_the_last),
	};
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
