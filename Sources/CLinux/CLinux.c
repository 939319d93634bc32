#define _GNU_SOURCE
#include "CLinux.h"

#include <time.h>

enum { MAXIMUM_EVENTS = 128 };

int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data = {.u64 = token}};
  return epoll_ctl(epoll, operation, fd, &event);
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int maximum, int64_t nanoseconds) {
  struct epoll_event raw[MAXIMUM_EVENTS];
  struct timespec timeout = {
      .tv_sec = (time_t)(nanoseconds / 1000000000),
      .tv_nsec = (long)(nanoseconds % 1000000000),
  };
  if (maximum > MAXIMUM_EVENTS) {
    maximum = MAXIMUM_EVENTS;
  }
  int count = epoll_pwait2(epoll, raw, maximum, nanoseconds < 0 ? NULL : &timeout, NULL);
  for (int i = 0; i < count; i++) {
    events[i].events = raw[i].events;
    events[i].token = raw[i].data.u64;
  }
  return count;
}
