import CLinux
package import Domain

/// Civil time in the zone of this machine, which TZ names.
package enum LocalTime {
  /// `2026-09-25T12:11:12.345+02:00`; as UTC's, with Z, where the zone is UTC.
  package static func format(_ time: WallTime) -> String {
    let offset = offset(at: time)
    guard offset != 0 else { return time.text }
    let shifted = time.advanced(by: .seconds(offset)).text.dropLast()
    let minutes = abs(offset) / 60
    return shifted + (offset < 0 ? "-" : "+") + twoDigits(minutes / 60) + ":"
      + twoDigits(minutes % 60)
  }

  /// The moment when the clocks of this zone show what the clocks of UTC show at `time`. Within the
  /// hour that a change of the clocks leaves out or repeats, one of the two that it may be.
  package static func moment(shownAs time: WallTime) -> WallTime {
    let near = time.advanced(by: .seconds(-offset(at: time)))
    return time.advanced(by: .seconds(-offset(at: near)))
  }

  /// Seconds east of UTC.
  private static func offset(at time: WallTime) -> Int {
    Int(clinux_seconds_east(time.milliseconds / 1_000))
  }

  private static func twoDigits(_ number: Int) -> String {
    (number < 10 ? "0" : "") + String(number)
  }
}
