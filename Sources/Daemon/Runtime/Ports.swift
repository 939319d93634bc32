package import Domain
package import Intake
package import Platform
package import Store
package import Transport

// What the daemon's core asks of its surroundings. The machine answers in the running daemon, and a
// simulation of the machine answers where the core is driven through years of faults.

/// The clocks and the timers.
package struct Timekeeper {
  package var now: () -> Moment
  /// Runs an action once, on the loop's thread, at or after a time.
  package var schedule: (MonotonicTime, @escaping () -> Void) -> Void

  package init(
    now: @escaping () -> Moment, schedule: @escaping (MonotonicTime, @escaping () -> Void) -> Void
  ) {
    self.now = now
    self.schedule = schedule
  }

  /// The machine's own.
  package init(_ loop: EventLoop) {
    self.init(now: Clock.now) { time, action in loop.schedule(at: time, action) }
  }
}

/// The durable state; `OrderStore` says what each of these promises.
package protocol StateStore: AnyObject {
  func announce(
    _ id: SignalID, _ raw: [UInt8], from origin: SignalOrigin, arrivedAt: WallTime,
    readAt: WallTime
  ) throws(StoreError)
  func write(_ write: StoreWrite) throws(StoreError)
  var hasUncommittedWrites: Bool { get }
  func commit(_ durability: Durability) throws(StoreError)
  func flush() throws(StoreError)
  func rollback()
  var isBehind: Bool { get }
  var hasGivenUp: Bool { get }
  func bringIn() throws(StoreError)
  func catchUp()
  func probe() throws(StoreError)
  func loadState(now: WallTime) throws(StoreError) -> StoredState
  func isKnown(_ id: SignalID) throws(StoreError) -> Bool
  func signal(_ id: SignalID) throws(StoreError) -> SignalRecord?
  func order(_ key: OrderKey) throws(StoreError) -> Order?
  func compactedSignal(_ id: SignalID) throws(StoreError) -> CompactedSignal?
}

extension OrderStore: StateStore {}

/// The folders of signals; `SpoolDirectory` says what each of these promises.
package protocol Spool: AnyObject {
  var failure: SystemError? { get }
  var hasMore: Bool { get }
  func resume()
  func pause()
  func close()
  func forget(_ name: [UInt8])
  func leaveUnfinished(_ file: SpoolFile, breaksOff: Bool) -> Bool
  func claim(_ file: TakenFile) throws(SpoolError) -> [UInt8]
  func finish(
    _ moves: [SpoolMove], replacing replaces: (_ former: [UInt8], _ report: [UInt8]) -> Bool
  ) -> [Result<[UInt8], SpoolError>]
  func amend(
    _ name: [UInt8], in outcome: SpoolOutcome, report: [UInt8], where isMeant: ([UInt8]) -> Bool
  ) throws(SystemError) -> Bool
  func writeStatus(_ name: [UInt8], _ report: [UInt8]) throws(SystemError)
  func removeStatus(_ name: [UInt8]) throws(SystemError)
  func listActive() throws(SystemError) -> (files: [[UInt8]], strays: [[UInt8]])
  func readActive(_ name: [UInt8]) throws(FileRefusal) -> [UInt8]
  func removeActive(_ name: [UInt8]) throws(SystemError)
}

extension SpoolDirectory: Spool {}

/// Carries HTTP requests; `HTTPClient` says what each of these promises.
package protocol RequestCarrier: AnyObject {
  func start()
  func close()
  func send(
    _ request: HTTPRequest, _ kind: HTTPClient.Kind, before deadline: MonotonicTime?,
    completion: @escaping HTTPClient.Completion)
  func withdrawWaiting(_ kind: HTTPClient.Kind?)
}

extension HTTPClient: RequestCarrier {}
