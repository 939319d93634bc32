import Domain
import MEXC

/// The times that the streams are kept by.
package struct StreamTimes: Sendable {
  /// Between two pings of ours, which keep a quiet connection open; one may be lost.
  package var ping = StreamLimits.quietMaximum / 4...StreamLimits.quietMaximum / 3
  /// Nothing at all was received for so long: each ping is answered, so that the way is broken.
  package var idleMaximum: Duration = .seconds(30)
  /// No book was pushed for so long: those that do not change are pushed again and again, so that the
  /// exchange has forgotten the subscription.
  package var silenceMaximum: Duration = .seconds(60)
  /// From a command to its answer.
  package var answerMaximum: Duration = .seconds(10)
  /// When the next connection takes the place of this one, before the exchange ends it.
  package var renewal =
    StreamLimits.life - .seconds(2 * 60 * 60)...StreamLimits.life - .seconds(30 * 60)
  /// Between attempts that fail, twice as long each time; a connection that stood for the longest
  /// begins anew.
  package var firstPause: Duration = .milliseconds(250)
  package var longestPause: Duration = .seconds(30)
  /// After a refusal in words of HTTP or of the stream, which another try does not change soon.
  package var refusedPause: ClosedRange<Duration> = .seconds(60)...(.seconds(75))
  /// Before a symbol that the exchange refused, among others that it pushes, is asked for again; twice as
  /// long each time. Its market may open at any moment.
  package var firstRefusedSymbolPause: Duration = .seconds(60)
  package var longestRefusedSymbolPause: Duration = .seconds(15 * 60)
  /// A symbol is asked for again and again by signals: its subscription outlives them by so much.
  package var unwantedMaximum: Duration = .seconds(60)

  package init() {}
}
