/// Of which signals the order may have left without a record of it: nothing but a restart of the machine
/// takes a record back, and a kill keeps the one that was noted from being made.
struct UnseenDepartures {
  /// Restarts of the machine that may have taken something back.
  private var restarts = 0
  /// How many there had been when each signal was taken, by the name of its order.
  private var takenAfter: [String: Int] = [:]
  private var noted: Set<String> = []
  /// The last run has synced everything and said so.
  private var hasEndedInOrder = false

  mutating func taken(_ name: String) {
    if takenAfter[name] == nil { takenAfter[name] = restarts }
  }

  mutating func runBegins() { hasEndedInOrder = false }

  mutating func runEndsInOrder() { hasEndedInOrder = true }

  /// `name` is that of the order that was about to leave, as the disk has it.
  mutating func runEnded(noted name: String?) {
    if let name { noted.insert(name) }
  }

  /// What an earlier boot has left in the intake log and the database lacks is in doubt for as long as it
  /// stands there, also behind an end in good order.
  mutating func readAgain(_ names: Set<String>) { noted.formUnion(names) }

  mutating func machineRestarts() {
    if !hasEndedInOrder { restarts += 1 }
  }

  func mayInclude(_ name: String) -> Bool {
    noted.contains(name) || takenAfter[name].map { $0 < restarts } ?? false
  }
}
