import Glibc

/// What a program sees to before it opens anything.
package enum ProcessSetup {
  /// Opens those of the three standard descriptors that the caller has closed, on /dev/null: a database
  /// or a socket that got such a number would have messages written into it. Has a file that outgrows
  /// the limit of the process (setrlimit(2), RLIMIT_FSIZE) be an error of the write, which is told, and
  /// not the end of the program.
  package static func prepare() {
    var number: CInt
    repeat { number = unsafe open("/dev/null", O_RDWR) } while (0...STDERR_FILENO).contains(number)
    if number > STDERR_FILENO { close(number) }
    signal(SIGXFSZ, SIG_IGN)
  }
}
