#include "tests/folder.h"

#include "keys/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

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
static void raise_a_limit(void)
{
	static const struct rlimit limit = {1, 1};
	syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
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
static void work_as_a_keeper(void)
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
static void work_as_a_token_does(void)
{
	char byte;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, &byte, 1) != 1 || close(fd) != 0)
		_exit(8);
	if (socket(AF_UNIX, SOCK_DGRAM, 0) >= 0) /* refused, and no reason to die */
		_exit(7);
}

static void connect_to_another(void)
{
	syscall(SYS_connect, SOCKET, NULL, 0);
}
static void listen_elsewhere(void)
{
	syscall(SYS_bind, SOCKET, NULL, 0);
}
static void make_a_process_in_the_newer_way(void)
{
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	if (syscall(SYS_clone3, &arguments, sizeof arguments) != -1 || errno != ENOSYS)
		_exit(8);
	make_a_process();
}
static void make_code_of_memory(void)
{
	syscall(SYS_mprotect, NULL, 4096, PROT_READ | PROT_EXEC);
}
static void type_for_the_terminal(void)
{
	char byte = 'x';
	syscall(SYS_ioctl, STDIN_FILENO, TIOCSTI, &byte);
}
static void rename_a_file(void)
{
	syscall(SYS_rename, "register.db", "other");
}
static void take_rings(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
}
static void allow_more(void)
{
	syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The C library asks how much memory there is before it sorts more than a page of it. */
static void sort_a_long_list(void)
{
	int numbers[4000];
	for (int i = 0; i < 4000; i++)
		numbers[i] = 4000 - i;
	qsort(numbers, 4000, sizeof *numbers, by_number);
	if (numbers[0] != 1)
		_exit(8);
}

static void *answer(void *context)
{
	return context;
}

static int rising(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The C library asks for the size of memory before it sorts so much; and other such questions. */
static void ask_what_libraries_ask(void)
{
	enum { MUCH = 100000 };
	int *numbers = calloc(MUCH, sizeof *numbers);
	struct utsname name;
	struct rusage usage;
	struct rlimit limit;
	struct statvfs file_system;
	if (!numbers || uname(&name) != 0 || getrusage(RUSAGE_SELF, &usage) != 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    fstatvfs(SOCKET, &file_system) != 0 || sysconf(_SC_PHYS_PAGES) <= 0)
		_exit(5);
	for (int i = 0; i < MUCH; i++)
		numbers[i] = MUCH - i;
	qsort(numbers, MUCH, sizeof *numbers, rising);
	free(numbers);
}

/* A thread, a request that comes in on a connection, and a transaction. */
static void work_as_a_server(void)
{
	ask_what_libraries_ask();
	pthread_t thread;
	void *answered = NULL;
	int here;
	char byte = 'x';
	int fd = open("register.db", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
	if (pthread_create(&thread, NULL, answer, &here) != 0 || pthread_join(thread, &answered) != 0 || answered != &here)
		_exit(8);
	if (fd < 0 || fcntl(fd, F_SETLK, &lock) != 0 || pwrite(fd, &byte, 1, 0) != 1 || fdatasync(fd) != 0 ||
	    ftruncate(fd, 0) != 0)
		_exit(7);
	sort_a_long_list();
	if (send(SOCKET, &byte, 1, MSG_NOSIGNAL) != 1 || recv(SOCKET + 1, &byte, 1, 0) != 1)
		_exit(6);
}

/* What a server may open, and what it may not, though it is there and it is root. */
static void open_what_is_left(void)
{
	static const char *const closed[] = {"keys/secret", "keys", "other", ".", "/etc/passwd", "/proc/self/mem", "/"};
	if (open("register.db", O_RDWR | O_CLOEXEC) < 0 || open("published", O_RDONLY | O_DIRECTORY) < 0 ||
	    open("published/keys", O_RDONLY) < 0)
		_exit(8);
	for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
		if (open(closed[i], O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
			_exit(7);
	if (open("published/keys", O_RDWR) >= 0 || open("new", O_RDWR | O_CREAT, 0600) >= 0 ||
	    open("published/new", O_RDWR | O_CREAT, 0600) >= 0 || unlink("register.db") == 0 || unlink("keys/secret") == 0)
		_exit(6);
}

enum part { SIGNER, SIGNER_WITH_TOKEN, SERVER, KEEPER };

static enum km_error fence_in(enum part part)
{
	static const char *const read[] = {"published"}, *const write[] = {"register.db", "register.db-wal"};
	static const struct km_landlock_files files = {.read = read, .read_len = 1, .write = write, .write_len = 2};
	bool fenced = false;
	if (part == SIGNER || part == SIGNER_WITH_TOKEN)
		return km_sandbox_enter(SOCKET, part == SIGNER_WITH_TOKEN, NULL);
	enum km_error error = part == SERVER ? km_sandbox_serve(&files, false, &fenced, NULL) : km_sandbox_harden(NULL);
	return error || part != SERVER || fenced ? error : KM_ABSENT;
}

enum { UNFENCED = 10 };

/* How a process ends that fences itself in, as this part of a registry, and then does this. */
static int end_of(void (*deed)(void), enum part part)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		enum km_error error = fence_in(part);
		if (error)
			_exit(error == KM_ABSENT ? UNFENCED : 9);
		deed();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void assert_last_of(void (*const *deeds)(void), size_t len, enum part part)
{
	for (size_t i = 0; i < len; i++) {
		int status = end_of(deeds[i], part);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("deed %zu: ended with %#x", i, (unsigned)status);
	}
}
#define ASSERT_LAST(deeds, part) assert_last_of((deeds), sizeof(deeds) / sizeof *(deeds), (part))

static void a_forbidden_system_call_is_the_last(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		open_a_file, make_a_socket,           start_a_program,          make_a_process, trace_another, signal_another,
		map_code,    read_another_descriptor, write_to_standard_output, send_elsewhere, become_root,
	};
	assert_int_equal(end_of(do_nothing, SIGNER), 0);
	ASSERT_LAST(deeds, SIGNER);
}

static void with_a_token_it_may_read_files_and_still_write_none(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		open_a_file_to_write, make_a_file,   remove_a_file,  connect_to_another, start_a_program,
		make_a_process,       trace_another, signal_another, map_code,           become_root,
	};
	assert_int_equal(end_of(work_as_a_token_does, SIGNER_WITH_TOKEN), 0);
	ASSERT_LAST(deeds, SIGNER_WITH_TOKEN);
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static void a_keeper_looks_into_nobody_and_changes_no_kernel(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {trace_another, read_another_process, look_elsewhere,
	                                      load_a_program_into_the_kernel};
	if (sanitized) /* these look into it themselves */
		skip();
	assert_int_equal(end_of(work_as_a_keeper, KEEPER), 0);
	ASSERT_LAST(deeds, KEEPER);
}

static void lay_out_files(void)
{
	assert_int_equal(mkdir("keys", 0700), 0);
	assert_int_equal(mkdir("published", 0700), 0);
	km_test_write("keys/secret", "x", 1, 0600);
	km_test_write("published/keys", "x", 1, 0600);
	km_test_write("register.db", "", 0, 0600);
	km_test_write("other", "", 0, 0600);
}

static void a_server_does_nothing_but_answer(void **state)
{
	(void)state;
	static void (*const deeds[])(void) = {
		trace_another,       read_another_process,
		look_elsewhere,      load_a_program_into_the_kernel,
		make_a_socket,       start_a_program,
		make_a_process,      make_a_process_in_the_newer_way,
		signal_another,      map_code,
		make_code_of_memory, become_root,
		raise_a_limit,       connect_to_another,
		listen_elsewhere,    type_for_the_terminal,
		rename_a_file,       take_rings,
		allow_more,
	};
	int ends[2];
	if (sanitized)
		skip();
	lay_out_files();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_int_equal(dup2(ends[0], SOCKET), SOCKET);
	assert_int_equal(dup2(ends[1], SOCKET + 1), SOCKET + 1);
	assert_int_equal(end_of(sort_a_long_list, SIGNER), 0);
	int status = end_of(work_as_a_server, SERVER);
	if (status == UNFENCED << 8)
		skip(); /* the kernel has no Landlock */
	assert_int_equal(status, 0);
	ASSERT_LAST(deeds, SERVER);
	close(SOCKET);
	close(SOCKET + 1);
}

static void a_server_opens_the_register_and_no_key(void **state)
{
	(void)state;
	if (sanitized)
		skip();
	lay_out_files();
	int status = end_of(open_what_is_left, SERVER);
	if (status == UNFENCED << 8)
		skip();
	assert_int_equal(status, 0);
}

static void hide_landlock(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) != 0 ||
	    seccomp_load(filter) != 0)
		_exit(9);
}

static void where_the_kernel_has_no_landlock_it_says_so_and_the_rest_holds(void **state)
{
	(void)state;
	if (sanitized)
		skip();
	lay_out_files();
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		hide_landlock();
		if (fence_in(SERVER) != KM_ABSENT || open("other", O_RDONLY) < 0)
			_exit(8);
		make_a_socket();
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KM_TEST_IN_FOLDER(a_keeper_looks_into_nobody_and_changes_no_kernel),
		KM_TEST_IN_FOLDER(a_server_does_nothing_but_answer),
		KM_TEST_IN_FOLDER(a_server_opens_the_register_and_no_key),
		KM_TEST_IN_FOLDER(where_the_kernel_has_no_landlock_it_says_so_and_the_rest_holds),
		KM_TEST_IN_FOLDER(with_a_token_it_may_read_files_and_still_write_none),
		KM_TEST_IN_FOLDER(a_forbidden_system_call_is_the_last),
	};
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
