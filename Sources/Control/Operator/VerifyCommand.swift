import Configuration
import Domain
import JSON
import Platform
import Store

/// The history, held against itself and against what was noted of it. Needs no daemon and does not
/// disturb one.
struct VerifyCommand {
  let context: CommandContext

  func run(notedHash: [UInt8]?) throws(CommandFailure) -> ExitCode {
    let path = try context.settings().store.path
    let (mark, audit) = try CommandFailure.reading { () throws(StoreError) in
      let reader = try StoreReader(path: path)
      let mark = try HighWaterMark.read(beside: path)
      return (mark, try reader.audit(mark: mark, notedHash: notedHash, boot: BootID.read()))
    }
    context.show(audit.document(mark), audit.text(mark))
    return audit.isClean ? .done : .failed
  }
}

extension Audit {
  fileprivate func document(_ mark: HighWaterMark.Reading) -> JSONValue {
    [
      "ok": .bool(isClean), "events": .integer(events), "orders": .integer(orders),
      "compacted": seal.document(signals: compactedSignals),
      "head": headDocument,
      "high_water": mark.document,
      "row_before_power_cut": rowBeforePowerCut.map { .integer($0) } ?? .null,
      "finding_count": .integer(findingCount), "findings": .array(findings.map(\.document)),
    ]
  }

  fileprivate func text(_ mark: HighWaterMark.Reading) -> String {
    var lines = findings.map { ByteText.printable($0.message) }
    if findingCount > findings.count {
      lines.append("and \(findingCount - findings.count) more")
    }
    let verdict =
      isClean
      ? "whole: every row follows from the one before, and every order from its events"
      : "not whole: keep a copy of the file, and compare its orders with the exchange's"
    return
      (lines + [
        verdict, "events  \(events)", "orders  \(orders)",
      ] + seal.lines(signals: compactedSignals) + [
        "mark    \(mark.text)\(lostText)", "head    row \(head.row), \(head.hashText)",
      ]).joined(separator: "\n")
  }
}

extension Audit {
  private var lostText: String {
    rowBeforePowerCut.map {
      "; the rows behind \($0) were lost with the power, and the next start looks for their orders"
    } ?? ""
  }
}

extension Seal {
  /// What the retention rule has removed.
  fileprivate func document(signals: Int) -> JSONValue {
    guard signals > 0 || head.row > 0 else { return .null }
    return [
      "signals": .integer(signals), "row": .integer(head.row), "hash": .string(head.hashText),
      "at": head.row > 0 ? .time(at) : .null,
    ]
  }

  fileprivate func lines(signals: Int) -> [String] {
    guard signals > 0 || head.row > 0 else { return [] }
    let rows = head.row > 0 ? "rows 1 to \(head.row) by \(at.text)" : "no row yet"
    return ["removed \(signals) signals by the retention rule; of the history \(rows)"]
  }
}

extension HighWaterMark.Reading {
  fileprivate var document: JSONValue {
    switch self {
    case .missing, .unreadable: .null
    case .mark(let mark): ["row": .integer(mark.head.row), "armed": .integer(mark.armed)]
    }
  }

  /// What stood in the history when an order last left.
  fileprivate var text: String {
    switch self {
    case .missing: "none"
    case .unreadable: "unreadable"
    case .mark(let mark):
      "row \(mark.head.row), \(mark.armed) orders armed since the first mark"
    }
  }
}

extension Audit.Finding {
  fileprivate var document: JSONValue {
    let message = JSONValue.string(message)
    return switch subject {
    case .row(let row): ["row": .integer(row), "message": message]
    case .order(let signal, let leg):
      ["signal_id": .string(signal), "leg": .integer(leg), "message": message]
    case .history: ["message": message]
    }
  }
}
