#include "cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3 }; /* SD_LISTEN_FDS_START */

/* The number in this variable; 0 where there is none. */
static unsigned long long number_in(const char *variable)
{
	const char *text = getenv(variable);
	char *end = NULL;
	if (!text || *text < '0' || *text > '9')
		return 0;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	return errno || *end ? 0 : number;
}

static bool is_listening(int fd)
{
	struct sockaddr_storage address;
	socklen_t address_len = sizeof address, type_len = sizeof(int), listens_len = sizeof(int);
	int type = 0, listens = 0;
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_len) == 0 && listens &&
	       getsockname(fd, (struct sockaddr *)&address, &address_len) == 0 &&
	       (address.ss_family == AF_INET || address.ss_family == AF_INET6);
}

enum km_error km_supervisor_socket(int *ret_fd, struct km_problem *problem)
{
	unsigned long long count = number_in("LISTEN_PID") == (unsigned long long)getpid() ? number_in("LISTEN_FDS") : 0;
	/* They were for this process, not for those that it starts. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (count == 0) {
		*ret_fd = -1;
		return KM_OK;
	}
	if (count > 1 || !is_listening(FIRST_FD))
		return km_fail(
			problem, KM_INVALID, "listen",
			"the supervisor handed over %llu sockets, and not one that listens for TCP: look at ListenStream= "
			"in the socket's unit",
			count);
	int flags = fcntl(FIRST_FD, F_GETFL);
	if (flags < 0 || fcntl(FIRST_FD, F_SETFL, flags | O_NONBLOCK) < 0 || fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) < 0)
		return km_fail(problem, KM_IO, "listen", "the supervisor's socket: %s", strerror(errno));
	*ret_fd = FIRST_FD;
	return KM_OK;
}

void km_supervisor_tell(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = path ? strlen(path) : 0;
	if (len < 2 || len >= sizeof address.sun_path || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (*path == '@')
		address.sun_path[0] = '\0'; /* a name of Linux's own, in no folder */
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

unsigned km_supervisor_watchdog_ms(void)
{
	unsigned long long for_whom = number_in("WATCHDOG_PID"), milliseconds = number_in("WATCHDOG_USEC") / 1000;
	if (for_whom && for_whom != (unsigned long long)getpid())
		return 0;
	return milliseconds > INT_MAX ? INT_MAX : (unsigned)milliseconds;
}
