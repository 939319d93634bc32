package import Domain
import Glibc

/// The machine's clocks. Only edges read them; decisions get a `Moment` handed in.
package enum Clock {
  package static func now() -> Moment {
    Moment(wall: wall(), monotonic: monotonic())
  }

  /// CLOCK_BOOTTIME: monotonic, and it goes on while the machine sleeps.
  package static func monotonic() -> MonotonicTime {
    let time = read(CLOCK_BOOTTIME)
    return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package static func wall() -> WallTime {
    let time = read(CLOCK_REALTIME)
    return WallTime(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
  }

  private static func read(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // clock_gettime fails only for a clock that the kernel does not have.
    unsafe clock_gettime(clock, &time)
    return time
  }
}
