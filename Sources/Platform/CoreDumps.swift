import CLinux
import Glibc

/// A core file would hold every secret of the process.
package enum CoreDumps {
  /// No core file is made of this process, and no process of its user may read its memory; false when
  /// the system refuses that.
  package static func disable() -> Bool {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    // A sandbox may forbid the call (systemd.exec(5), @resources); the second one is enough.
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    return clinux_forbid_dumps() == 0
  }
}
