/// What an audit of the whole history found.
package struct Audit: Hashable, Sendable {
  package struct Finding: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
      /// A row of the event table.
      case row(Int64)
      /// A row of the order table, with its signal's id as it stands there.
      case order(signal: String, leg: Int64)
      /// The history against what was noted of it elsewhere.
      case history
    }

    package let subject: Subject
    /// A whole sentence, the subject included.
    package let message: String
  }

  /// Rows of the history, and rows of orders.
  package internal(set) var events = 0
  package internal(set) var orders = 0
  /// Signals that the retention rule has removed, and up to where it has removed the history.
  package internal(set) var compactedSignals = 0
  package internal(set) var seal = Seal.none
  /// Behind it a power cut took rows of orders that had left: the next start looks for these.
  package internal(set) var rowBeforePowerCut: Int64?
  /// The last row as it is stored.
  package internal(set) var head = ChainHead.beginning
  /// The first of them; `findingCount` counts all.
  package private(set) var findings: [Finding] = []
  package private(set) var findingCount = 0

  /// One edit can make every order differ: what a person reads ends here.
  package static let findingMaximum = 20

  package var isClean: Bool { findingCount == 0 }

  mutating func find(_ subject: Finding.Subject, _ message: String) {
    findingCount += 1
    guard findings.count < Self.findingMaximum else { return }
    findings.append(Finding(subject: subject, message: message))
  }
}
