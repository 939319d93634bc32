package import Domain
package import Execution
import Intake
import Platform
package import Store

/// The way to the exchange as an epoch uses it.
package protocol Dispatching: AnyObject {
  func start()
  func send(_ dispatch: Dispatch)
  /// The symbols whose prices are to be pushed, in place of those of before.
  func watchPrices(_ symbols: Set<Symbol>)
  /// The venue has a key for the account's stream.
  func connectAccountStream()
  /// What waits for a connection must not leave any more: each is answered as not sent.
  func withdrawUnsent(_ withdrawal: Withdrawal)
  /// Answers that are out are not delivered any more.
  func close()
}

/// The engine's lives over one store.
///
/// An epoch is the life of an engine between two readings of the store. When the disk refuses a
/// commit the epoch ends: what the engine believed is dropped, and a new one is built from what is
/// durable, as after a restart.
package final class Epochs {
  package struct Edges {
    package var configuration: () -> EngineConfiguration
    /// What is kept of the venue.
    package var venueFacts: () -> VenueFacts?
    /// Keeps the exchange's back-off for whichever database is started with.
    package var backOffFile: BackOffFile?
    /// Opens the way to the exchange anew; what comes from there goes to the closure.
    package var openLink: (StoredState, @escaping (Input) -> Void) -> any Dispatching
    package var answerCommand: (CommandToken, CommandAnswer) -> Void
    package var log: (LogEntry) -> Void
    /// An epoch has begun with this state.
    package var began: (StoredState) -> Void
    /// An epoch has ended, and `storageError` says why; those whose commands were under way are told.
    package var ended: (StoreError) -> Void
    /// The store cannot be trusted any more: the program has to end.
    package var died: (StoreError) -> Void

    package init(
      configuration: @escaping () -> EngineConfiguration,
      venueFacts: @escaping () -> VenueFacts? = { nil }, backOffFile: BackOffFile? = nil,
      openLink: @escaping (StoredState, @escaping (Input) -> Void) -> any Dispatching,
      answerCommand: @escaping (CommandToken, CommandAnswer) -> Void,
      log: @escaping (LogEntry) -> Void, began: @escaping (StoredState) -> Void,
      ended: @escaping (StoreError) -> Void, died: @escaping (StoreError) -> Void
    ) {
      self.configuration = configuration
      self.venueFacts = venueFacts
      self.backOffFile = backOffFile
      self.openLink = openLink
      self.answerCommand = answerCommand
      self.log = log
      self.began = began
      self.ended = ended
      self.died = died
    }
  }

  /// The present epoch; `nil` while the store does not work.
  package private(set) var driver: EngineDriver<StoreError>?
  package private(set) var storageError: StoreError?
  private let store: any StateStore
  private let gateway: SignalGateway
  private let time: Timekeeper
  private let edges: Edges
  private var link: (any Dispatching)?
  /// What the exchange demanded of the last epoch: the commit that would have told it to this one may
  /// be the one that failed.
  private var unwrittenBackOff: BanRecord?
  private var isStopping = false
  private var hasEnded = false
  private var isRetrying = false

  private static let storageRetryInterval: Duration = .seconds(1)

  package init(store: any StateStore, gateway: SignalGateway, time: Timekeeper, edges: Edges) {
    self.store = store
    self.gateway = gateway
    self.time = time
    self.edges = edges
    gateway.storeFailed = { [weak self] error in self?.lose(error) }
  }

  package func begin() {
    do throws(StoreError) {
      let now = time.now()
      var state = try store.loadState(now: now.wall)
      state.ban = unwrittenBackOff ?? state.ban
      if let file = edges.backOffFile { state.ban = file.longer(than: state.ban, at: now) }
      state.venue = edges.venueFacts()
      let engine = Engine(
        edges.configuration(), restoring: state, signals: try signals(of: state), at: now)
      open(engine, state)
    } catch {
      lose(error)
    }
  }

  /// Nothing new leaves any more; what is under way is finished.
  package func stop() {
    isStopping = true
    driver?.feed(.stop)
  }

  /// Ends for good.
  package func end() {
    hasEnded = true
    driver = nil
    link?.close()
    link = nil
  }

  /// The stored signals, read again from their bytes.
  private func signals(of state: StoredState) throws(StoreError) -> [SignalID: Signal] {
    var signals: [SignalID: Signal] = [:]
    for live in state.live {
      let record = live.signal
      do throws(SignalRefusal) {
        signals[record.signalID] = try SignalReader.read(
          record.raw, maximumBytes: record.raw.count)
      } catch {
        throw .corrupt("signal \(record.signalID) does not read any more: \(error.message)")
      }
    }
    return signals
  }

  private func open(_ engine: Engine, _ state: StoredState) {
    let link = edges.openLink(state) { [weak self] input in self?.driver?.feed(input) }
    let driver = EngineDriver(
      engine: engine, storage: storage, now: time.now, edges: edges(of: link))
    self.link = link
    self.driver = driver
    link.start()
    gateway.driver = driver
    edges.began(state)
    driver.feed(.tick)
    gateway.open(state)
  }

  private var storage: EngineDriver<StoreError>.Storage {
    EngineDriver<StoreError>.Storage(
      write: { [store, time, file = edges.backOffFile] write throws(StoreError) in
        if case .setBan(let record) = write { file?.keep(record, at: time.now()) }
        try store.write(write)
      },
      commit: { [store] durability throws(StoreError) in try store.commit(durability) },
      flush: { [store] () throws(StoreError) in try store.flush() },
      isBehind: { [store] in store.isBehind }, hasGivenUp: { [store] in store.hasGivenUp },
      mayBeKept: \.mayBeKept, catchUp: { [store] in store.catchUp() })
  }

  private func edges(of link: any Dispatching) -> EngineDriver<StoreError>.Edges {
    EngineDriver<StoreError>.Edges(
      send: { [weak link] dispatch in link?.send(dispatch) },
      withdrawUnsent: { [weak link] withdrawal in link?.withdrawUnsent(withdrawal) },
      answer: { [gateway] receipt, answer in gateway.answer(receipt, answer) },
      settle: { [gateway] outcome in gateway.settle(outcome) },
      doubt: { [gateway] id, doubt in gateway.tell(doubt, of: id) },
      answerCommand: edges.answerCommand, log: edges.log,
      watchPrices: { [weak link] symbols in link?.watchPrices(symbols) },
      connectAccountStream: { [weak link] in link?.connectAccountStream() },
      performed: { [weak gateway] in gateway?.moveFiles() },
      storageFailed: { [weak self] error in self?.lose(error) })
  }

  /// Nothing leaves any more and nothing is taken. A disk that can recover is tried every second;
  /// one that cannot be trusted ends the daemon, and the next start looks at what is really there.
  func lose(_ error: StoreError) {
    if let driver { unwrittenBackOff = driver.engine.ban }
    // Also without an engine: whoever else wrote has left a turn that failed.
    store.rollback()
    driver?.abandon(error)
    gateway.driver = nil
    gateway.pause()
    driver = nil
    link?.close()
    link = nil
    let isNews = storageError != error
    storageError = error
    edges.ended(error)
    if isNews {
      edges.log(
        LogEntry(
          level: .error, message: error.outage,
          fields: [LogEntry.Field("code", DecisionCode.storageUnavailable.rawValue)],
          kind: .storageUnavailable))
    }
    switch error {
    case .full, .readOnly, .moved, .heldByAnotherDaemon: scheduleRetry()
    case .corrupt, .ioFailure, .newerSchema, .unusablePath, .misuse:
      // A retry that waits must not open an epoch over it.
      hasEnded = true
      edges.died(error)
    }
  }

  /// What the exchange demands, also while no engine heeds it.
  func backOff(at now: Moment) -> BanRecord? {
    if let driver { return driver.engine.ban }
    return unwrittenBackOff?.remaining(at: now)
  }

  /// Whether the database can be read, and has everything that was written.
  var isReadable: Bool {
    if storageError != nil { return false }
    do throws(StoreError) {
      try store.bringIn()
      return true
    } catch {
      lose(error)
      return false
    }
  }

  private func scheduleRetry() {
    guard !hasEnded, !isRetrying else { return }
    isRetrying = true
    time.schedule(time.now().monotonic.advanced(by: Self.storageRetryInterval)) { [weak self] in
      self?.isRetrying = false
      self?.tryStorage()
    }
  }

  private func tryStorage() {
    if isStopping || hasEnded || driver != nil { return }
    do throws(StoreError) {
      try store.probe()
      storageError = nil
      edges.log(
        LogEntry(
          level: .notice, message: "the database takes writes again; orders are reconciled",
          fields: [], kind: .storageRestored))
      begin()
    } catch {
      lose(error)
    }
  }
}
