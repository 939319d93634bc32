package import Domain
import Platform
import Transport

/// How long the exchange wants a back-off (RFC 9110 §10.2.3).
package enum RetryAfter {
  /// A time of zero, or a date in the past, still follows a refusal.
  static let minimum: Duration = .seconds(1)
  /// MEXC's longest ban is three days; the rest is for clocks that differ.
  static let maximum: Duration = .seconds(3 * 86_400 + 600)
  /// What MEXC's FAQ gives as the end of a ban, when the answer itself does not say.
  static let unstatedBan: Duration = .seconds(600)

  /// The wait that the answer states; the longest when it states several; `nil` when it states none
  /// that can be read.
  static func wait(in headers: HTTPFields, now: WallTime) -> Duration? {
    wait(stated: headers.values(of: "Retry-After"), sent: headers.values(of: "Date"), now: now)
  }

  /// The same of the texts of the fields Retry-After and Date. A date is one of the exchange's clock, which
  /// need not be ours (RFC 9110 §6.6.1).
  package static func wait(stated texts: [String], sent dates: [String], now: WallTime) -> Duration?
  {
    let sent = dates.first.flatMap { Timestamp.parseHTTPDate($0, now: now) }
    return texts.compactMap { wait($0, now: sent ?? now) }.max()
  }

  /// 10 s, doubled with each throttling answer before that did not say either, to at most 10 min.
  static func unstated(after earlier: Int) -> Duration {
    BackOff.pause(after: earlier, first: .seconds(10), longest: unstatedBan)
  }

  private static func wait(_ text: String, now: WallTime) -> Duration? {
    let blanks: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
    var bytes = text.utf8.drop(while: blanks)
    while let last = bytes.last, blanks(last) { bytes.removeLast() }
    let word = String(bytes) ?? ""
    if let seconds = wholeSeconds(word) { return clamped(.seconds(seconds)) }
    return Timestamp.parseHTTPDate(word, now: now).map { clamped($0.since(now)) }
  }

  /// Digits only. A number beyond the maximum, however long, is the maximum.
  private static func wholeSeconds(_ text: String) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text) ?? maximum.components.seconds
  }

  private static func clamped(_ wait: Duration) -> Duration {
    max(minimum, min(wait, maximum))
  }
}
