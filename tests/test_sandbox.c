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

static void open_a_file_to_write(void)
{
	syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_WRONLY);
}
static void make_a_file(void)
{
	syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_RDONLY | O_CREAT, 0600);
}
static void remove_a_file(void)
{
	syscall(SYS_unlinkat, AT_FDCWD, "/tmp/x", 0);
}
static void connect_somewhere(void)
{
	syscall(SYS_connect, STDIN_FILENO, NULL, 0);
}
static void work_as_a_token_does(void)
{
	char byte;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &byte, 1) != 1 || close(fd) != 0)
		_exit(8);
	if (socket(AF_UNIX, SOCK_DGRAM, 0) >= 0) /* refused, and no reason to die */
		_exit(7);
}

enum fence { SIGNER, SIGNER_WITH_TOKEN, SERVER };

static enum km_error fence_in(enum fence fence)
{
	return fence == SERVER ? km_sandbox_harden(NULL) : km_sandbox_enter(SOCKET, fence == SIGNER_WITH_TOKEN, NULL);
}

/* How a process ends that fences itself in and then does this. */
static int end_of(void (*deed)(void), enum fence fence)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (fence_in(fence) != KM_OK)
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
	assert_int_equal(end_of(do_nothing, SIGNER), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i], SIGNER);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}

static void with_a_token_it_may_read_files_and_still_write_none(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		open_a_file_to_write, make_a_file,   remove_a_file,  connect_somewhere, start_a_program,
		make_a_process,       trace_another, signal_another, map_code,          become_root,
	};
	assert_int_equal(end_of(work_as_a_token_does, SIGNER_WITH_TOKEN), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i], SIGNER_WITH_TOKEN);
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
	assert_int_equal(end_of(work_as_a_server, SERVER), 0);
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		int status = end_of(deeds[i], SERVER);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_server_looks_into_nobody_and_changes_no_kernel),
		KM_TEST_IN_FOLDER(a_forbidden_system_call_is_the_last),
		KM_TEST_IN_FOLDER(with_a_token_it_may_read_files_and_still_write_none),
	};
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
