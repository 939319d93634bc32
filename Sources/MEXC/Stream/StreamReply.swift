import Domain
import JSON
package import Transport

/// A text frame of a stream: what the exchange says about the connection. Prices and orders come in
/// binary frames.
package enum StreamReply: Hashable, Sendable {
  case pong
  /// To the command with this id. `code` is 0 whatever it says; `StreamCommand.verdict` tells.
  case acknowledgement(id: Int, code: Int, text: String)
  /// The connection was opened with a listen key that is dead.
  case listenKeyInvalid
  /// Nothing is concluded. The text says what came, bounded.
  case unreadable(String)

  /// Characters of an unreadable frame that are shown.
  private static let shownMaximum = 200

  /// What opened the stream is kept out of every text.
  package init(_ frame: [UInt8], hiding echo: QueryEcho = QueryEcho(target: "")) {
    let text = String(decoding: frame, as: UTF8.self)
    if text.hasPrefix("Invalid listen key") {
      self = .listenKeyInvalid
    } else if let reply = Self.acknowledgement(in: text, hiding: echo) {
      self = reply
    } else {
      self = .unreadable(echo.hiding(text.prefix(scalars: Self.shownMaximum)))
    }
  }

  private static func acknowledgement(
    in text: String, hiding echo: QueryEcho
  ) -> StreamReply? {
    guard let reply = try? JSONReader.read(text, limits: .signal),
      let message = reply["msg"]?.stringValue,
      let code = reply["code"]?.numberValue.flatMap({ Int($0) })
    else { return nil }
    if code == 0 && message == "PONG" { return .pong }
    guard let id = reply["id"]?.numberValue.flatMap({ Int($0) }) else { return nil }
    return .acknowledgement(id: id, code: code, text: echo.hiding(message))
  }
}
