#pragma once
// System calls that Glibc's Swift module does not show, because they stand behind _GNU_SOURCE, are
// variadic or macros in C, or pass unions. Every function returns what the system call returns.
// Names of files are bytes that end in NUL: Linux gives them no encoding.
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/// What main gets as argc. Swift looks for the arguments beside the environment, in the part of the
/// memory that /proc/self/maps calls the stack: it finds none where /proc is hidden, or where a
/// preloaded library has set a variable.
int clinux_argument_count(void);

/// What main gets as argv[index]; `index` is below the count.
const char *clinux_argument(int index);

/// epoll_event without its union.
struct clinux_event {
  uint32_t events;
  uint64_t token;
};

/// epoll_ctl(2); `token` comes back with the event.
int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t token);

/// epoll_pwait2(2) without a signal mask; `nanoseconds` < 0 waits for ever. At most 128 events.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int maximum, int64_t nanoseconds);

/// The part of stat(2) that this program reads; times in nanoseconds since 1970.
struct clinux_status {
  uint64_t device;
  uint64_t inode;
  uint64_t links;
  int64_t size;
  int64_t modified;
  int64_t changed;
  uint32_t mode;
  uint32_t owner;
  uint32_t group;
};

/// mallopt(3): every thread allocates from the one heap, and blocks from 128 KiB on always go back to the
/// system when they are freed. Before there are threads.
void clinux_use_one_heap(void);

/// fstat(2).
int clinux_status_of(int fd, struct clinux_status *status);

/// fstatat(2) with AT_SYMLINK_NOFOLLOW; `directory` may be AT_FDCWD.
int clinux_status_at(int directory, const uint8_t *name, struct clinux_status *status);

/// futimens(2): sets the times to the file system's now; permission to write is enough.
int clinux_touch(int fd);

/// Whether the file behind `fd`, which is open for reading only, is open for writing somewhere:
/// 1, 0, or −1 when the kernel does not tell.
int clinux_is_open_for_writing(int fd);

/// openat(2).
int clinux_open_at(int directory, const uint8_t *name, int flags, mode_t mode);

int clinux_make_directory_at(int directory, const uint8_t *name, mode_t mode);

int clinux_unlink_at(int directory, const uint8_t *name);

/// renameat(2): replaces the target.
int clinux_rename_at(int from, const uint8_t *name, int to, const uint8_t *target);

/// renameat2(2) with RENAME_NOREPLACE.
int clinux_rename_without_replacing(int from, const uint8_t *name, int to, const uint8_t *target);

/// getdents64(2).
ssize_t clinux_read_entries(int directory, uint8_t *buffer, size_t capacity);

/// accept4(2), non-blocking and close-on-exec.
int clinux_accept(int listener);

/// The longest path that sockaddr_un takes beside its final NUL.
enum { clinux_maximum_socket_path = 107 };

/// bind(2) and connect(2) to a Unix address of 1 … 107 bytes; a leading NUL means the abstract
/// name space. A longer address gives ENAMETOOLONG.
int clinux_bind_unix(int fd, const uint8_t *path, size_t length);
int clinux_connect_unix(int fd, const uint8_t *path, size_t length);

/// sendto(2) to such an address, without SIGPIPE.
ssize_t clinux_send_to_unix(int fd, const uint8_t *path, size_t length, const uint8_t *bytes,
                            size_t count);

/// getsockname(2): writes the path to which a socket is bound, without its NUL, into 108 bytes, and returns
/// its length; 0 when it is bound to none.
size_t clinux_unix_path_of(int fd, uint8_t *path);

/// SO_PEERCRED of unix(7).
struct clinux_peer {
  int32_t process;
  uint32_t user;
  uint32_t group;
};
int clinux_peer_of(int fd, struct clinux_peer *peer);

/// getsockopt(2) for an integer option of SOL_SOCKET.
int clinux_socket_option(int fd, int option, int *value);

/// SO_SNDTIMEO of socket(7).
int clinux_limit_sending(int fd, int milliseconds);

/// prctl(2) with PR_SET_DUMPABLE 0.
int clinux_forbid_dumps(void);

/// explicit_bzero(3): the compiler may not leave it out.
void clinux_erase(void *bytes, size_t count);

/// The columns of the terminal at a descriptor; 0 when it does not say.
int clinux_terminal_columns(int descriptor);

/// The Gregorian date and time of a second, UTC; months and days count from 1.
struct clinux_date {
  int year, month, day, hour, minute, second;
};

/// timegm(3), with fields outside their range carried over.
int64_t clinux_seconds_of(struct clinux_date date);

/// gmtime_r(3).
struct clinux_date clinux_date_of(int64_t seconds);

/// tm_gmtoff of localtime_r(3): how far the zone of this machine is east of UTC, in seconds.
int clinux_seconds_east(int64_t seconds);

/// memfd_create(2): a file in memory, close-on-exec.
int clinux_make_memory_file(void);

/// posix_spawn(3) of arguments[0], as the leader of a process group of its own, with `input` as its
/// standard input, its output thrown away, no other descriptor, and every signal at its default. Returns
/// an errno, or 0.
int clinux_spawn(pid_t *process, char *const *arguments, char *const *environment, int input);

/// waitid(2) until the child has ended, without collecting it.
void clinux_await_end(pid_t process);

/// open(2) for reading and writing past the system's cache, each write synced: O_DIRECT and O_DSYNC.
int clinux_open_direct(const char *path);

/// io_setup(2) for one write at a time. `context` is set where it returns 0.
int clinux_begin_writes(uint64_t *context);

/// io_destroy(2).
void clinux_end_writes(uint64_t context);

/// io_submit(2) of one pwrite: the bytes stay until it is over. Returns 1, or -1 with errno.
int clinux_submit_write(uint64_t context, int fd, const void *bytes, size_t count, int64_t offset);

/// io_getevents(2): waits until the write is over. Returns what pwrite(2) would, or minus its errno.
int64_t clinux_await_write(uint64_t context);
