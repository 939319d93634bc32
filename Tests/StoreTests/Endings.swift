import Glibc
import Store

/// What the store throws; `nil` when it throws nothing, or something else does.
func storeFailure(_ body: () throws -> Void) -> StoreError? {
  do {
    try body()
    return nil
  } catch {
    return error as? StoreError
  }
}

/// The kernel ends this process with SIGXFSZ when it writes so many bytes into one file (setrlimit(2)),
/// like any other death in the middle. For the process of an exit test alone.
func endWhenAFileGrows(beyond bytes: UInt) {
  signal(SIGXFSZ, SIG_DFL)
  // Threads of Dispatch take no signals by themselves.
  var ending = sigset_t()
  unsafe sigemptyset(&ending)
  unsafe sigaddset(&ending, SIGXFSZ)
  unsafe pthread_sigmask(SIG_UNBLOCK, &ending, nil)
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  var most = rlimit(rlim_cur: bytes, rlim_max: bytes)
  unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &most)
}
