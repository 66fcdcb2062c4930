#include "keys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const int allowed[] = {
	/* memory */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
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

/* For the module of a token. SoftHSM looks whether its files have changed each time that it uses a key; others speak
 * over what they opened when they logged in. */
static const int allowed_with_token[] = {
	SCMP_SYS(read),       SCMP_SYS(lseek),   SCMP_SYS(close), SCMP_SYS(getdents64), SCMP_SYS(fstat),  SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(getpid),  SCMP_SYS(write), SCMP_SYS(writev),     SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(recvfrom),   SCMP_SYS(recvmsg), SCMP_SYS(poll),  SCMP_SYS(ppoll),
};

static int fill_with_token(scmp_filter_ctx filter)
{
	static const int locking[] = {F_GETFL, F_SETLK, F_SETLKW};
	const scmp_datum_t writing = O_ACCMODE | O_CREAT | O_TRUNC;
	int failed =
		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	/* Modules complain to the system's log, of a token that is gone for one; to go without is no reason to die. */
	if (!failed)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 0);
	for (size_t i = 0; !failed && i < sizeof locking / sizeof *locking; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		                          SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)locking[i]));
	for (size_t i = 0; !failed && i < sizeof allowed_with_token / sizeof *allowed_with_token; i++) {
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_with_token[i], 0);
		if (failed == -EDOM) /* not of this architecture */
			failed = 0;
	}
	return failed;
}

static int fill(scmp_filter_ctx filter, int fd)
{
	int failed = 0;
	for (size_t i = 0; !failed && i < sizeof allowed / sizeof *allowed; i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
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

/* No core dump, no tracing, no more rights. */
static bool close_up(void)
{
	static const struct rlimit none = {0, 0};
	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

enum km_error km_sandbox_enter(int fd, bool with_token, struct km_problem *problem)
{
	if (!close_up())
		return km_fail(problem, KM_UNAVAILABLE, "sandbox", "the signer cannot give up its rights: %s", strerror(errno));
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return km_fail_memory(problem);
	int failed = fill(filter, fd);
	if (!failed && with_token)
		failed = fill_with_token(filter);
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox",
		               "this system does not let the signer fence itself in (seccomp: %s)", strerror(-failed));
	return KM_OK;
}

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__

enum km_error km_sandbox_harden(struct km_problem *problem)
{
	(void)problem;
	return KM_OK;
}

#else

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

enum km_error km_sandbox_harden(struct km_problem *problem)
{
	if (!close_up())
		return km_fail(problem, KM_UNAVAILABLE, "sandbox", "the server cannot give up its rights: %s", strerror(errno));
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return km_fail_memory(problem);
	int failed = 0;
	for (size_t i = 0; !failed && i < sizeof forbidden / sizeof *forbidden; i++) {
		failed = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, forbidden[i], 0);
		if (failed == -EDOM) /* not of this architecture */
			failed = 0;
	}
	if (!failed)
		failed = seccomp_load(filter);
	seccomp_release(filter);
	if (failed)
		return km_fail(problem, KM_UNAVAILABLE, "sandbox",
		               "this system does not let the server fence itself in (seccomp: %s)", strerror(-failed));
	return KM_OK;
}

#endif
