/// Everything that can be made to go wrong. The raw values are how the summary and `--without` call
/// them.
package enum Fault: String, CaseIterable, Hashable, Sendable {
  // The network and the exchange's front.
  case requestLost = "request_lost"
  case replyLost = "reply_lost"
  case replyCut = "reply_cut"
  case requestHeld = "request_held"
  case requestCopied = "request_copied"
  case connectionRefused = "connection_refused"
  case slowNetwork = "slow_network"
  case errorBefore = "error_before"
  case errorAfter = "error_after"
  case garbage
  case htmlPage = "html_page"
  case emptyAnswer = "empty_answer"
  case wrongEcho = "wrong_echo"
  case firewall
  case throttle
  case ban
  case hiddenOrder = "hidden_order"
  case plainRefusal = "plain_refusal"
  case doubtfulCode = "doubtful_code"
  case refusedList = "refused_list"
  case foreignRow = "foreign_row"
  case brokenLooks = "broken_looks"
  // The machine.
  case kill
  case powerLoss = "power_loss"
  case clockStep = "clock_step"
  case diskFull = "disk_full"
  case writeFails = "write_fails"
  case syncFails = "sync_fails"
  case slowDisk = "slow_disk"
  case longPause = "long_pause"
  // The spool.
  case lostEvent = "lost_event"
  case doubledEvent = "doubled_event"
  case moveFails = "move_fails"
  case unsyncedFile = "unsynced_file"
  // Those who send signals, and the operator.
  case duplicate
  case conflict
  case staleSignal = "stale_signal"
  case malformed
  case flood
  case commands
  case modeChange = "mode_change"
  // The streams.
  case bookLate = "book_late"
  case bookLies = "book_lies"
  case bookRepeated = "book_repeated"
  case marketLags = "market_lags"
  case marketSilent = "market_silent"
  case marketDies = "market_dies"
  case pushLost = "push_lost"
  case pushLate = "push_late"
  case pushRepeated = "push_repeated"
  case accountDies = "account_dies"
  case keyExpired = "key_expired"
  case keyRefused = "key_refused"

  /// How often at most, in a million of its chances.
  var most: Int {
    switch self {
    case .requestLost, .replyLost: 150_000
    case .replyCut, .errorBefore, .errorAfter: 80_000
    case .requestHeld: 60_000
    case .requestCopied: 40_000
    case .connectionRefused: 80_000
    case .slowNetwork: 30_000
    case .garbage, .htmlPage, .emptyAnswer, .wrongEcho: 25_000
    case .firewall: 3_000
    case .throttle: 30_000
    case .ban: 2_000
    case .hiddenOrder: 500_000
    case .plainRefusal, .doubtfulCode: 60_000
    case .refusedList, .foreignRow: 200_000
    case .brokenLooks: 20_000
    case .kill: 6_000
    case .powerLoss: 6_000
    case .clockStep: 30_000
    case .diskFull, .writeFails, .syncFails: 10_000
    case .slowDisk: 20_000
    case .longPause: 300_000
    case .lostEvent, .doubledEvent: 200_000
    case .moveFails: 100_000
    case .unsyncedFile: 300_000
    case .duplicate: 200_000
    case .conflict, .staleSignal, .malformed: 80_000
    case .flood: 60_000
    case .commands: 60_000
    case .modeChange: 30_000
    case .bookLate, .bookLies, .bookRepeated: 150_000
    case .marketLags: 150_000
    case .marketSilent, .marketDies: 5_000
    case .pushLost, .pushLate, .pushRepeated: 200_000
    case .accountDies, .keyExpired: 30_000
    case .keyRefused: 200_000
    }
  }

  /// Drawn for from chance of its own, so that the other faults of a seed do not depend on it.
  var isOfStreams: Bool {
    switch self {
    case .bookLate, .bookLies, .bookRepeated, .marketLags, .marketSilent, .marketDies, .pushLost,
      .pushLate, .pushRepeated, .accountDies, .keyExpired, .keyRefused:
      true
    case .requestLost, .replyLost, .replyCut, .requestHeld, .requestCopied, .connectionRefused,
      .slowNetwork, .errorBefore, .errorAfter, .garbage, .htmlPage, .emptyAnswer, .wrongEcho,
      .firewall, .throttle, .ban, .hiddenOrder, .plainRefusal, .doubtfulCode, .refusedList,
      .foreignRow, .brokenLooks, .kill, .powerLoss, .clockStep, .diskFull, .writeFails, .syncFails,
      .slowDisk, .longPause, .lostEvent, .doubledEvent, .moveFails, .unsyncedFile, .duplicate,
      .conflict, .staleSignal, .malformed, .flood, .commands, .modeChange:
      false
    }
  }

  /// Kinds without which a run proves little.
  package var isImportant: Bool {
    switch self {
    case .requestLost, .replyLost, .replyCut, .requestHeld, .connectionRefused, .errorBefore,
      .errorAfter, .garbage, .htmlPage, .throttle, .hiddenOrder, .kill, .powerLoss, .clockStep,
      .diskFull, .writeFails, .syncFails, .longPause, .unsyncedFile, .duplicate, .conflict,
      .staleSignal, .malformed, .commands, .modeChange, .plainRefusal, .doubtfulCode, .refusedList,
      .foreignRow, .brokenLooks, .bookLate, .bookLies, .bookRepeated, .marketLags, .marketSilent,
      .marketDies, .pushLost, .pushLate, .pushRepeated, .accountDies, .keyExpired, .keyRefused:
      true
    case .requestCopied, .slowNetwork, .emptyAnswer, .wrongEcho, .firewall, .ban, .slowDisk,
      .lostEvent, .doubledEvent, .moveFails, .flood:
      false
    }
  }
}

/// One run, named by its seed; the rest makes it smaller.
package struct Scenario: Hashable, Sendable {
  package var seed: UInt64
  /// Only so many of the seed's signals.
  package var signals = Int.max
  package var without: Set<Fault> = []
  package var plant: Plant?
  package var venue: SimulatedVenue

  package init(seed: UInt64, plant: Plant? = nil, at venue: SimulatedVenue = .mexc) {
    self.seed = seed
    self.venue = venue
    self.plant = plant
  }
}
