/* For valgrind, which does not know the system call (Debian 12 has 3.19): waits whole milliseconds. */
#include <sys/epoll.h>
#include <time.h>

int epoll_pwait2(
    int epoll, struct epoll_event *events, int maximum, const struct timespec *timeout,
    const sigset_t *mask) {
  int milliseconds = -1;
  if (timeout) milliseconds = (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000);
  return epoll_pwait(epoll, events, maximum, milliseconds, mask);
}
