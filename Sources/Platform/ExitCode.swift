/// The exit status of the programs.
package enum ExitCode: Int32, Sendable {
  case done = 0
  /// Refused, or failed at work.
  case failed = 1
  case wrongUsage = 2
  /// EX_CONFIG of sysexits.h; the unit file keeps systemd from starting again after it.
  case invalidConfiguration = 78
}
