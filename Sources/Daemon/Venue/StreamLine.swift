import Domain
package import Execution
import MEXC
package import Platform
package import Transport

/// What all connections of the streams share: where they go, when, and who hears of it.
package final class StreamLine {
  let loop: EventLoop
  let endpoint: Endpoint
  let times: StreamTimes
  let jitter: Jitter
  let journal: StreamJournal
  /// The exchange wants no further connection until then.
  private(set) var notBefore: MonotonicTime?
  private let tls: TLSContext?
  private let userAgent: String
  /// One for all, so that a name is looked up once.
  private let resolver: Resolver

  /// `tls` is a client context for `wss`, nil for `ws`.
  package init(
    loop: EventLoop, endpoint: Endpoint, tls: TLSContext?, userAgent: String,
    times: StreamTimes = StreamTimes(), jitter: Jitter, log: @escaping (LogEntry) -> Void
  ) {
    self.loop = loop
    self.endpoint = endpoint
    self.tls = tls
    self.userAgent = userAgent
    self.times = times
    self.jitter = jitter
    journal = StreamJournal(log, now: { loop.now })
    resolver = Resolver(loop, host: endpoint.host)
  }

  /// What the exchange answers to one connection it means for all (RFC 9110 §10.2.3). How long it wants no
  /// further one.
  func obey(_ end: StreamEnd) -> Duration {
    let wait = end.statedWait(at: Clock.wall())
    if wait > .zero {
      let until = loop.now.advanced(by: wait)
      notBefore = max(notBefore ?? until, until)
    }
    return wait
  }

  /// `target` goes behind the endpoint's path, and may be a secret. What comes on a coalesced one may lie
  /// there for as long as the loop's `coalescing` says.
  func session(
    to target: String, channels: [StreamChannel], isCoalesced: Bool,
    onEvent: @escaping (StreamSession, StreamSession.Event) -> Void
  ) -> StreamSession {
    var configuration = WebSocketClient.Configuration(idleMaximum: times.idleMaximum)
    configuration.userAgent = userAgent
    configuration.peer.isCoalesced = isCoalesced
    let client = WebSocketClient(
      loop: loop, endpoint: endpoint, target: target, tls: tls, configuration: configuration,
      resolver: resolver)
    return StreamSession(
      loop: loop, client: client, channels: channels, times: times, jitter: jitter,
      onEvent: onEvent)
  }
}
