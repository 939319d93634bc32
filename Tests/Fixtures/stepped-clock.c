/* A machine whose civil clock a test sets. A program that is started with this library in LD_PRELOAD
   reads CLOCK_REALTIME moved by the nanoseconds in the file that STEPPED_CLOCK names: eight bytes, a
   native integer. Every other clock stays as it is. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;

__attribute__((constructor)) static void map_offset(void) {
  const char *path = getenv("STEPPED_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  /* A test of a clock that stands still would show nothing. */
  if (file < 0) abort();
  void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
  if (page == MAP_FAILED) abort();
  close(file);
  offset = page;
}

/* The system call itself: looking up the function that this one hides may allocate, and an allocator
   may ask for the time. */
int clock_gettime(clockid_t clock, struct timespec *time) {
  if (syscall(SYS_clock_gettime, clock, time) != 0) return -1;
  if (clock != CLOCK_REALTIME || !offset) return 0;
  const int64_t second = 1000000000;
  int64_t whole = time->tv_sec * second + time->tv_nsec + *offset;
  time->tv_sec = whole / second;
  time->tv_nsec = whole % second;
  return 0;
}
