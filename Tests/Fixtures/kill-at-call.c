/* A library that ends the process by SIGKILL before the call number KILL_AT that changes names, sizes,
   content or what is on the disk: what an unlucky moment leaves behind is left behind. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static void count(void) {
  static long calls;
  const char *limit = getenv("KILL_AT");
  if (limit && ++calls == atol(limit)) kill(getpid(), SIGKILL);
}

#define WRAP(result, name, parameters, arguments)                      \
  result name parameters {                                             \
    result(*next) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
    count();                                                           \
    return next arguments;                                             \
  }

WRAP(int, link, (const char *path, const char *name), (path, name))
WRAP(int, rename, (const char *path, const char *name), (path, name))
WRAP(int, unlink, (const char *path), (path))
WRAP(int, fsync, (int file), (file))
WRAP(int, fdatasync, (int file), (file))
WRAP(int, ftruncate, (int file, off_t size), (file, size))
WRAP(int, ftruncate64, (int file, off64_t size), (file, size))
WRAP(ssize_t, pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
WRAP(ssize_t, pwrite64, (int file, const void *bytes, size_t size, off64_t at),
     (file, bytes, size, at))
