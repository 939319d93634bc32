#define _GNU_SOURCE
#include "CLinux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_EVENTS = 128 };

static int argument_count;
static char **argument_values;

/* The dynamic loader of glibc calls the functions of .init_array as it calls main. */
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  argument_values = values;
}

int clinux_argument_count(void) { return argument_count; }

const char *clinux_argument(int index) { return argument_values[index]; }

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

static int64_t nanoseconds_of(struct timespec time) {
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int copy_status(int result, const struct stat *from, struct clinux_status *to) {
  if (result == 0) {
    *to = (struct clinux_status){
        .device = from->st_dev,
        .inode = from->st_ino,
        .links = from->st_nlink,
        .size = from->st_size,
        .modified = nanoseconds_of(from->st_mtim),
        .changed = nanoseconds_of(from->st_ctim),
        .mode = from->st_mode,
        .owner = from->st_uid,
        .group = from->st_gid,
    };
  }
  return result;
}

int clinux_status_of(int fd, struct clinux_status *status) {
  struct stat raw;
  return copy_status(fstat(fd, &raw), &raw, status);
}

int clinux_status_at(int directory, const uint8_t *name, struct clinux_status *status) {
  struct stat raw;
  int result = fstatat(directory, (const char *)name, &raw, AT_SYMLINK_NOFOLLOW);
  return copy_status(result, &raw, status);
}

int clinux_touch(int fd) { return futimens(fd, NULL); }

int clinux_is_open_for_writing(int fd) {
  /* A read lease is granted only while nobody has the file open for writing (fcntl(2)). A writer who
     opens it in the moment that the lease exists is told by a signal to us: one that is ignored by
     default, where SIGIO would end the program. */
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return -1;
  if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? 1 : -1;
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return 0;
}

int clinux_open_at(int directory, const uint8_t *name, int flags, mode_t mode) {
  return openat(directory, (const char *)name, flags, mode);
}

int clinux_make_directory_at(int directory, const uint8_t *name, mode_t mode) {
  return mkdirat(directory, (const char *)name, mode);
}

int clinux_unlink_at(int directory, const uint8_t *name) {
  return unlinkat(directory, (const char *)name, 0);
}

int clinux_rename_at(int from, const uint8_t *name, int to, const uint8_t *target) {
  return renameat(from, (const char *)name, to, (const char *)target);
}

int clinux_rename_without_replacing(int from, const uint8_t *name, int to, const uint8_t *target) {
  return renameat2(from, (const char *)name, to, (const char *)target, RENAME_NOREPLACE);
}

ssize_t clinux_read_entries(int directory, uint8_t *buffer, size_t capacity) {
  return getdents64(directory, buffer, capacity);
}

int clinux_accept(int listener) {
  return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* The address's length; 0, with errno, when it has none. */
static socklen_t unix_address(struct sockaddr_un *address, const uint8_t *path, size_t length) {
  if (length < 1 || length > clinux_maximum_socket_path) {
    errno = length < 1 ? EINVAL : ENAMETOOLONG;
    return 0;
  }
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(address->sun_path, path, length);
  // An abstract name is exactly its bytes; a path is ended by its NUL (unix(7)).
  size_t used = path[0] == 0 ? length : length + 1;
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + used);
}

static int with_address(int fd, const uint8_t *path, size_t length,
                        int (*call)(int, const struct sockaddr *, socklen_t)) {
  struct sockaddr_un address;
  socklen_t used = unix_address(&address, path, length);
  return used == 0 ? -1 : call(fd, (const struct sockaddr *)&address, used);
}

ssize_t clinux_send_to_unix(int fd, const uint8_t *path, size_t length, const uint8_t *bytes,
                            size_t count) {
  struct sockaddr_un address;
  socklen_t used = unix_address(&address, path, length);
  if (used == 0) return -1;
  return sendto(fd, bytes, count, MSG_NOSIGNAL, (const struct sockaddr *)&address, used);
}

size_t clinux_unix_path_of(int fd, uint8_t *path) {
  struct sockaddr_un address = {.sun_family = AF_UNSPEC};
  socklen_t used = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &used) != 0) return 0;
  if (address.sun_family != AF_UNIX || used <= offsetof(struct sockaddr_un, sun_path)) return 0;
  // For a path without room for its NUL the kernel counts one byte more than the address has.
  if (used > sizeof address) used = sizeof address;
  // The abstract name space has no paths: there the first byte is NUL.
  size_t length = strnlen(address.sun_path, used - offsetof(struct sockaddr_un, sun_path));
  memcpy(path, address.sun_path, length);
  return length;
}

int clinux_bind_unix(int fd, const uint8_t *path, size_t length) {
  return with_address(fd, path, length, bind);
}

int clinux_connect_unix(int fd, const uint8_t *path, size_t length) {
  return with_address(fd, path, length, connect);
}

int clinux_peer_of(int fd, struct clinux_peer *peer) {
  struct ucred raw;
  socklen_t size = sizeof raw;
  int result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &raw, &size);
  if (result == 0) {
    *peer = (struct clinux_peer){.process = raw.pid, .user = raw.uid, .group = raw.gid};
  }
  return result;
}

int clinux_socket_option(int fd, int option, int *value) {
  socklen_t size = sizeof *value;
  return getsockopt(fd, SOL_SOCKET, option, value, &size);
}

int clinux_limit_sending(int fd, int milliseconds) {
  struct timeval limit = {
      .tv_sec = milliseconds / 1000,
      .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000,
  };
  return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int clinux_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void clinux_erase(void *bytes, size_t count) { explicit_bzero(bytes, count); }

int64_t clinux_seconds_of(struct clinux_date date) {
  struct tm parts = {
      .tm_year = date.year - 1900,
      .tm_mon = date.month - 1,
      .tm_mday = date.day,
      .tm_hour = date.hour,
      .tm_min = date.minute,
      .tm_sec = date.second,
  };
  return timegm(&parts);
}

struct clinux_date clinux_date_of(int64_t seconds) {
  time_t time = seconds;
  struct tm parts = {0};
  gmtime_r(&time, &parts);
  return (struct clinux_date){
      .year = parts.tm_year + 1900,
      .month = parts.tm_mon + 1,
      .day = parts.tm_mday,
      .hour = parts.tm_hour,
      .minute = parts.tm_min,
      .second = parts.tm_sec,
  };
}

int clinux_terminal_columns(int descriptor) {
  struct winsize size;
  return ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int clinux_seconds_east(int64_t seconds) {
  time_t time = seconds;
  struct tm parts;
  return localtime_r(&time, &parts) ? (int)parts.tm_gmtoff : 0;
}

int clinux_make_memory_file(void) { return memfd_create("mexc-signald", MFD_CLOEXEC); }

static int set_actions(posix_spawn_file_actions_t *actions, int input) {
  int code = posix_spawn_file_actions_adddup2(actions, input, 0);
  if (!code) code = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
  if (!code) code = posix_spawn_file_actions_adddup2(actions, 1, 2);
  /* Not every library of the process opens its files as close-on-exec. */
  if (!code) code = posix_spawn_file_actions_addclosefrom_np(actions, 3);
  if (!code) code = posix_spawn_file_actions_addchdir_np(actions, "/");
  return code;
}

static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  int code = posix_spawnattr_setsigmask(attributes, &none);
  if (!code) code = posix_spawnattr_setsigdefault(attributes, &all);
  if (!code) code = posix_spawnattr_setpgroup(attributes, 0);
  if (!code)
    code = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  return code;
}

int clinux_spawn(pid_t *process, char *const *arguments, char *const *environment, int input) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int code = posix_spawn_file_actions_init(&actions);
  if (code) return code;
  code = posix_spawnattr_init(&attributes);
  if (code) {
    posix_spawn_file_actions_destroy(&actions);
    return code;
  }
  code = set_actions(&actions, input);
  if (!code) code = set_attributes(&attributes);
  if (!code)
    code = posix_spawn(process, arguments[0], &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return code;
}

void clinux_await_end(pid_t process) {
  siginfo_t end;
  while (waitid(P_PID, (id_t)process, &end, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

void clinux_use_one_heap(void) {
  mallopt(M_ARENA_MAX, 1);
  // Set at all, it does not grow with the largest block (mallopt(3)).
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

int clinux_open_direct(const char *path) {
  return open(path, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC | O_NOFOLLOW);
}

int clinux_begin_writes(uint64_t *context) {
  aio_context_t made = 0;
  if (syscall(SYS_io_setup, 1, &made)) return -1;
  *context = made;
  return 0;
}

void clinux_end_writes(uint64_t context) { syscall(SYS_io_destroy, (aio_context_t)context); }

int clinux_submit_write(
    uint64_t context, int fd, const void *bytes, size_t count, int64_t offset) {
  struct iocb write = {
      .aio_lio_opcode = IOCB_CMD_PWRITE,
      .aio_fildes = (uint32_t)fd,
      .aio_buf = (uint64_t)(uintptr_t)bytes,
      .aio_nbytes = count,
      .aio_offset = offset,
  };
  struct iocb *list[1] = {&write};
  return (int)syscall(SYS_io_submit, (aio_context_t)context, 1L, list);
}

int64_t clinux_await_write(uint64_t context) {
  struct io_event event;
  long count;
  do {
    count = syscall(SYS_io_getevents, (aio_context_t)context, 1L, 1L, &event, NULL);
  } while (count < 0 && errno == EINTR);
  return count == 1 ? event.res : -errno;
}
