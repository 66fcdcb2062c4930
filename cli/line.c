#include "cli/line.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

enum km_error km_line_make(int ret_ends[static 2], struct km_problem *problem)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return km_fail(problem, KM_UNAVAILABLE, "line", "there is no socket for the server: %s", strerror(errno));
	for (size_t i = 0; i < 2; i++) {
		setsockopt(ends[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		setsockopt(ends[i], SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
		ret_ends[i] = ends[i];
	}
	return KM_OK;
}

/* Room for one descriptor, as cmsg(3) wants it. */
union along {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

enum km_error km_line_say(int line, enum km_line_word word, const struct km_problem *problem, int fd)
{
	struct km_line_message said = {.word = word};
	union along along = {.bytes = ""};
	if (problem)
		said.problem = *problem;
	struct iovec piece = {.iov_base = &said, .iov_len = sizeof said};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (fd >= 0) {
		message.msg_control = along.bytes;
		message.msg_controllen = sizeof along.bytes;
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(head), &fd, sizeof fd);
	}
	while (sendmsg(line, &message, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return KM_UNAVAILABLE;
	return KM_OK;
}

static int descriptor_in(struct msghdr *message)
{
	int fd = -1;
	const struct cmsghdr *head = CMSG_FIRSTHDR(message);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	return fd;
}

enum km_error km_line_hear(int line, bool now, struct km_line_message *ret_message, int *ret_fd)
{
	struct km_line_message said;
	union along along;
	struct iovec piece = {.iov_base = &said, .iov_len = sizeof said};
	struct msghdr message = {.msg_iov = &piece,
	                         .msg_iovlen = 1,
	                         .msg_control = along.bytes,
	                         .msg_controllen = CMSG_LEN(sizeof(int))}; /* no second one */
	ssize_t len;
	do
		len = recvmsg(line, &message, MSG_CMSG_CLOEXEC | (now ? MSG_DONTWAIT : 0));
	while (len < 0 && errno == EINTR);
	if (len <= 0)
		return len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? KM_ABSENT : KM_UNAVAILABLE;
	int fd = descriptor_in(&message);
	if (len != (ssize_t)sizeof said || (unsigned)said.word >= KM_LINE_WORDS || (unsigned)said.problem.code > KM_BUG) {
		if (fd >= 0)
			close(fd);
		return KM_MALFORMED;
	}
	said.problem.type[sizeof said.problem.type - 1] = '\0';
	said.problem.message[sizeof said.problem.message - 1] = '\0';
	*ret_message = said;
	*ret_fd = fd;
	return KM_OK;
}

enum km_error km_line_ask(int line, enum km_line_word word, struct km_line_message *ret_message, int *ret_fd)
{
	struct km_line_message late;
	enum km_error error;
	int fd = -1;
	while ((error = km_line_hear(line, true, &late, &fd)) == KM_OK)
		if (fd >= 0)
			close(fd);
	if (error == KM_ABSENT)
		error = km_line_say(line, word, NULL, -1);
	return error ? error : km_line_hear(line, false, ret_message, ret_fd);
}
