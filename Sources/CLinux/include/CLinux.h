#pragma once
// System calls that Glibc's Swift module does not show, because they stand behind _GNU_SOURCE, are
// variadic or macros in C, or pass unions. Every function returns what the system call returns.
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/// epoll_event without its union.
struct clinux_event {
  uint32_t events;
  uint64_t token;
};

/// epoll_ctl(2); `token` comes back with the event.
int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token);

/// epoll_pwait2(2) without a signal mask; `nanoseconds` < 0 waits for ever. At most 128 events.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int maximum, int64_t nanoseconds);
