#include "keys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* No core dump, no tracing, no more rights. */
static enum km_error close_up(struct km_problem *problem)
{
	static const struct rlimit none = {0, 0};
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox", "this process cannot give up its rights: %s",
		               strerror(errno));
	return KM_OK;
}

/* One that this architecture does not have needs no rule. */
static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t len)
{
	int failed = 0;
	for (size_t i = 0; !failed && i < len; i++) {
		failed = seccomp_rule_add(filter, action, calls[i], 0);
		if (failed == -EDOM)
			failed = 0;
	}
	return failed;
}

/* All calls get `otherwise`, but for the rules that `fill` adds; it gives 0, or why not. */
static enum km_error enter(uint32_t otherwise, int (*fill)(scmp_filter_ctx filter, int fd), int fd,
                           struct km_problem *problem)
{
	scmp_filter_ctx filter = seccomp_init(otherwise);
	if (!filter)
		return km_fail_memory(problem);
	int failed = fill(filter, fd);
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox",
		               "this system does not let a process fence itself in (seccomp: %s)", strerror(-failed));
	return KM_OK;
}

/* ----------------------------------------------------------------------------------------------------- the signer */

static const int signing[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	/* how much memory there is, which the C library asks before it sorts */
	SCMP_SYS(sysinfo),
	/* time, where the kernel's page for it is not there; and randomness */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(getrandom),
	/* going on after a signal, and going */
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	/* What the sanitizers' own runtime does. No build for use has them. */
	SCMP_SYS(mprotect),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sched_yield),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
#endif
};

static int fill_for_signer(scmp_filter_ctx filter, int fd)
{
	int failed = add_all(filter, SCMP_ACT_ALLOW, signing, sizeof signing / sizeof *signing);
	if (!failed) /* memory that cannot be executed */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!failed)
		failed =
			seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(recvfrom), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
	if (!failed) /* last words of the C library */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));
	return failed;
}

/* For the module of a token. SoftHSM looks whether its files have changed each time that it uses a key; others speak
 * over what they opened when they logged in. */
static const int for_token[] = {
	SCMP_SYS(read),       SCMP_SYS(lseek),   SCMP_SYS(close), SCMP_SYS(getdents64), SCMP_SYS(fstat),  SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(getpid),  SCMP_SYS(write), SCMP_SYS(writev),     SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),   SCMP_SYS(recvmsg), SCMP_SYS(poll),  SCMP_SYS(ppoll),
};

static int fill_for_token(scmp_filter_ctx filter, int fd)
{
	static const int locking[] = {F_GETFL, F_SETLK, F_SETLKW};
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
	int failed = fill_for_signer(filter, fd);
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
		                          SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	/* Modules complain to the system's log, of a token that is gone for one; to go without is no reason to die. */
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0);
	for (size_t i = 0; !failed && i < sizeof locking / sizeof *locking; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		                          SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)locking[i]));
	return failed ? failed : add_all(filter, SCMP_ACT_ALLOW, for_token, sizeof for_token / sizeof *for_token);
}

enum km_error km_sandbox_enter(int fd, bool with_token, struct km_problem *problem)
{
	enum km_error error = close_up(problem);
	if (error)
		return error;
	return enter(SCMP_ACT_KILL_PROCESS, with_token ? fill_for_token : fill_for_signer, fd, problem);
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__

enum km_error km_sandbox_serve(const struct km_landlock_files *files, bool connects, bool *ret_fenced,
                               struct km_problem *problem)
{
	(void)files, (void)connects;
	(void)problem;
	*ret_fenced = true;
	return KM_OK;
}

enum km_error km_sandbox_harden(struct km_problem *problem)
{
	(void)problem;
	return KM_OK;
}

#else

/* ----------------------------------------------------------------------------------------------------- the server */

static const int answering[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(sysinfo), /* how much there is, which the C library asks before it sorts */
	/* threads, and what each of them begins with */
	SCMP_SYS(futex),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	/* time, waiting and randomness */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(getrandom),
	/* signals that wait for us, and none to others */
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	/* the register: SQLite, with its write-ahead log and its locks */
	SCMP_SYS(openat),
	SCMP_SYS(close),
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fcntl),
	SCMP_SYS(newfstatat),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(geteuid),
	SCMP_SYS(fchown),
	SCMP_SYS(fchmod),
	/* connections that others have made to us, the signer and the keeper */
	SCMP_SYS(accept4),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(getsockname),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(writev),
	SCMP_SYS(shutdown),
	/* questions that the C library and others ask now and then, and other forms
     * of the above: they change nothing that the rest could not, and nobody should die of one */
	SCMP_SYS(uname),
	SCMP_SYS(getrusage),
	SCMP_SYS(times),
	SCMP_SYS(clock_getres),
	SCMP_SYS(getcpu),
	SCMP_SYS(getppid),
	SCMP_SYS(getuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(statx),
	SCMP_SYS(getdents64),
	SCMP_SYS(fadvise64),
	SCMP_SYS(readv),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(mincore),
	SCMP_SYS(msync),
	SCMP_SYS(membarrier),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	/* the log; and the end */
	SCMP_SYS(write),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int fill_for_server(scmp_filter_ctx filter, int fd)
{
	(void)fd;
	int failed = add_all(filter, SCMP_ACT_ALLOW, answering, sizeof answering / sizeof *answering);
	if (!failed) /* memory that cannot be executed */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!failed)
		failed =
			seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!failed) /* a thread, not a process */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		                          SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	if (!failed) /* its flags are in memory, where they cannot be looked at: the C library then takes the other */
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (!failed) /* limits: to be asked for, not to be set */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0));
	if (!failed) /* what the thread is called */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	if (!failed) /* whether standard output is a terminal */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
	return failed;
}

/* What libpq takes to connect: a name is looked up, and who we are; then TLS. */
static const int connecting[] = {
	SCMP_SYS(connect), SCMP_SYS(bind),    SCMP_SYS(sendmmsg),   SCMP_SYS(uname),  SCMP_SYS(getuid),
	SCMP_SYS(getgid),  SCMP_SYS(getegid), SCMP_SYS(sysinfo),    SCMP_SYS(statfs), SCMP_SYS(fstatfs),
	SCMP_SYS(getppid), SCMP_SYS(ppoll),   SCMP_SYS(getdents64),
};

static int fill_for_client(scmp_filter_ctx filter, int fd)
{
	static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}; /* the last: which addresses we have */
	int failed = fill_for_server(filter, fd);
	for (size_t i = 0; !failed && i < sizeof families / sizeof *families; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
		                          SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	if (!failed) /* how much of an answer is there */
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD));
	return failed ? failed : add_all(filter, SCMP_ACT_ALLOW, connecting, sizeof connecting / sizeof *connecting);
}

enum km_error km_sandbox_serve(const struct km_landlock_files *files, bool connects, bool *ret_fenced,
                               struct km_problem *problem)
{
	bool fenced = false;
	enum km_error error = close_up(problem);
	if (!error)
		error = km_landlock(files, &fenced, problem);
	if (!error)
		error = enter(SCMP_ACT_KILL_PROCESS, connects ? fill_for_client : fill_for_server, -1, problem);
	if (!error)
		*ret_fenced = fenced;
	return error;
}

/* ----------------------------------------------------------------------------------------------------- the keeper */

static const int forbidden[] = {
	/* looking into another process */
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(perf_event_open),
	/* changing the kernel, or what it does for all */
	SCMP_SYS(bpf),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(syslog),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	/* another view of the files */
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(open_by_handle_at),
	/* what has been a way in more than once, and no part of this needs */
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(add_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(request_key),
};

static int fill_for_keeper(scmp_filter_ctx filter, int fd)
{
	(void)fd;
	return add_all(filter, SCMP_ACT_KILL_PROCESS, forbidden, sizeof forbidden / sizeof *forbidden);
}

enum km_error km_sandbox_harden(struct km_problem *problem)
{
	enum km_error error = close_up(problem);
	return error ? error : enter(SCMP_ACT_ALLOW, fill_for_keeper, -1, problem);
}

#endif
