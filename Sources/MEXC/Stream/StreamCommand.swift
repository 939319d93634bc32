import Domain
import JSON

/// What a client asks of a stream: a text frame.
package enum StreamCommand: Hashable, Sendable {
  case subscribe([StreamChannel], id: Int)
  case unsubscribe([StreamChannel], id: Int)
  /// Keeps a quiet connection open.
  case ping

  /// Bytes of one frame: what a maintained client found the exchange to take.
  package static let textMaximum = 1_024

  /// The commands, as few as fit, that subscribe to all these channels; the first has `firstID`.
  package static func subscribing(to channels: [StreamChannel], firstID: Int) -> [StreamCommand] {
    divided(channels, firstID) { .subscribe($0, id: $1) }
  }

  /// The commands, as few as fit, that end these subscriptions; the first has `firstID`.
  package static func unsubscribing(
    from channels: [StreamChannel], firstID: Int
  ) -> [StreamCommand] {
    divided(channels, firstID) { .unsubscribe($0, id: $1) }
  }

  private static func divided(
    _ channels: [StreamChannel], _ firstID: Int, _ command: ([StreamChannel], Int) -> StreamCommand
  ) -> [StreamCommand] {
    var commands: [StreamCommand] = []
    var part: [StreamChannel] = []
    for channel in channels {
      let longer = command(part + [channel], firstID + commands.count)
      // One channel always fits: a symbol has at most 64 letters.
      if !part.isEmpty && longer.text.utf8.count > textMaximum {
        commands.append(command(part, firstID + commands.count))
        part = []
      }
      part.append(channel)
    }
    if !part.isEmpty { commands.append(command(part, firstID + commands.count)) }
    return commands
  }

  /// The frame's text.
  package var text: String {
    switch self {
    case .subscribe(let channels, let id): Self.text("SUBSCRIPTION", channels, id)
    case .unsubscribe(let channels, let id): Self.text("UNSUBSCRIPTION", channels, id)
    case .ping: JSONValue.object(pairs: [("method", "PING")]).compactText()
    }
  }

  private static func text(_ method: String, _ channels: [StreamChannel], _ id: Int) -> String {
    let text: JSONValue = [
      "method": .string(method), "params": .array(channels.map { .string($0.text) }),
      "id": .integer(id),
    ]
    return text.compactText()
  }
}

extension StreamCommand {
  package enum Verdict: Hashable, Sendable {
    case accepted
    /// With the exchange's own words, bounded.
    case refused(String)
  }

  /// Characters of the exchange's words that are kept.
  private static let wordsMaximum = 500

  /// What the exchange says to this command; `nil` when the reply belongs to another one.
  ///
  /// A refusal has code 0, too: only the list of what was asked for, given back, is consent.
  package func verdict(of reply: StreamReply) -> Verdict? {
    switch (self, reply) {
    case (.ping, .pong): return .accepted
    case (.subscribe(let channels, let id), .acknowledgement(let answered, let code, let text)),
      (.unsubscribe(let channels, let id), .acknowledgement(let answered, let code, let text)):
      guard answered == id else { return nil }
      let named = text.split(separator: ",").map(String.init)
      if code == 0 && Set(named) == Set(channels.map(\.text)) { return .accepted }
      return .refused(text.prefix(scalars: Self.wordsMaximum))
    case (.subscribe, _), (.unsubscribe, _), (.ping, _): return nil
    }
  }
}
