import Domain
import MEXC
import Platform
import Transport

enum TimeCheck {
  /// The years that RFC 3339 can write, without the two at the ends that an offset may leave.
  private static let writable =
    WallTime(milliseconds: -62_135_596_800_000)...WallTime(milliseconds: 253_370_764_799_999)

  static func check(_ input: [UInt8]) throws(Broken) {
    let text = String(decoding: input, as: UTF8.self)
    if let time = Timestamp.parse(text) { try checkWriting(time) }
    for now in [ExchangeCheck.now, WallTime(milliseconds: 0)] {
      if let time = Timestamp.parseHTTPDate(text, now: now) { try checkWriting(time) }
    }
    if input.count >= 8 {
      let milliseconds = input.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
      try checkWriting(WallTime(milliseconds: milliseconds))
    }
    try checkWait(text)
  }

  private static func checkWriting(_ time: WallTime) throws(Broken) {
    let text = time.text
    guard writable.contains(time) else { return }
    try require(Timestamp.parse(text) == time, "\(text) reads as another time than it was")
  }

  private static func checkWait(_ text: String) throws(Broken) {
    var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
    let answer = exchange.answer(
      to: .serverTime,
      .success(HTTPResponse(status: 429, headers: [("Retry-After", text)])), now: ExchangeCheck.now)
    guard case .failed(.throttled(let notice)) = answer else {
      throw Broken("429 that does not throttle")
    }
    try require(
      notice.wait >= .seconds(1) && notice.wait <= .seconds(3 * 86_400 + 600),
      "a wait of \(notice.wait)")
  }
}
