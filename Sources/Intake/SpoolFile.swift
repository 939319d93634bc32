package import Domain
package import Platform

/// Something that lies in the spool's incoming folder and wants an answer.
package struct SpoolFile {
  /// How it came to be looked at.
  package enum Finding: Sendable {
    /// Its writer closed it.
    case closed
    /// It was renamed in.
    case movedIn
    /// It was there when the folder was looked through.
    case lookedAround
  }

  /// Bytes, as Linux has it; show it through `ByteText.printable`.
  package let name: [UInt8]
  /// What the file holds, or why it was not read.
  package let content: Result<[UInt8], FileRefusal>
  /// When it was last changed, by this machine's clock; in the future when the clock of its file
  /// system was set back since.
  package let arrivedAt: WallTime
  /// How long ago that was by the clock of the file system.
  package let age: Duration
  package let finding: Finding
  /// `nil` where nothing else can take its name.
  package let identity: FileIdentity?

  package init(
    name: [UInt8], content: Result<[UInt8], FileRefusal>, arrivedAt: WallTime, age: Duration,
    finding: Finding, identity: FileIdentity? = nil
  ) {
    self.identity = identity
    self.name = name
    self.content = content
    self.arrivedAt = arrivedAt
    self.age = age
    self.finding = finding
  }
}

/// Where a file of the spool waits.
package enum SpoolPlace: Sendable {
  case incoming, active
}

/// Where a file of the spool ends, beside a report that says why.
package enum SpoolOutcome: Sendable {
  case done, rejected

  /// What the report's name has after the file's.
  var reportSuffix: String {
    switch self {
    case .done: ".result.json"
    case .rejected: ".reason.json"
    }
  }
}

/// A file whose story is over, and where it goes.
package struct SpoolMove: Sendable {
  package let file: TakenFile
  package let place: SpoolPlace
  package let outcome: SpoolOutcome
  package let report: [UInt8]

  package init(
    _ file: TakenFile, from place: SpoolPlace, to outcome: SpoolOutcome, report: [UInt8]
  ) {
    self.file = file
    self.place = place
    self.outcome = outcome
    self.report = report
  }

  /// The same with another report.
  package func reporting(_ report: [UInt8]) -> SpoolMove {
    SpoolMove(file, from: place, to: outcome, report: report)
  }

  /// What it holds in memory.
  package var bytes: Int { (file.content?.count ?? 0) + report.count }
}

/// Why a file of the spool stays where it is.
package enum SpoolError: Error, Hashable, Sendable {
  /// Somebody has taken the file away; there is nothing left to move.
  case vanished
  /// Disk full, read-only, no permission, …: try again later.
  case blocked(SystemError)
}

extension SpoolError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .vanished: "the file is gone"
    case .blocked(let error): error.description
    }
  }
}
