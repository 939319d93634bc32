package import JSON

/// One part of the examination, and what came of it.
package struct Stage: Hashable, Sendable {
  /// In the order in which they are told. The raw values are stable.
  package enum Name: String, CaseIterable, Hashable, Sendable {
    case configuration, spool, database, credentials, connectivity, clock, authentication
    case permissions, symbols
  }

  package enum Verdict: Hashable, Sendable {
    case ok
    /// Good for now; the advice says what will be needed.
    case warning
    case failed
    /// What it rests on did not hold.
    case notChecked
  }

  package let name: Name
  package let verdict: Verdict
  /// One sentence, or several: what was found.
  package let detail: String
  /// The next step, where there is one.
  package let advice: String?
  /// The exchange's code, or the status of its answer, where that tells the fault.
  package let code: Int?

  private init(
    _ name: Name, _ verdict: Verdict, _ detail: String, _ advice: String? = nil, code: Int? = nil
  ) {
    self.name = name
    self.verdict = verdict
    self.detail = detail
    self.advice = advice
    self.code = code
  }

  package static func ok(_ name: Name, _ detail: String) -> Stage { Stage(name, .ok, detail) }

  package static func warning(_ name: Name, _ detail: String, _ advice: String) -> Stage {
    Stage(name, .warning, detail, advice)
  }

  package static func failed(
    _ name: Name, _ detail: String, _ advice: String, code: Int? = nil
  ) -> Stage {
    Stage(name, .failed, detail, advice, code: code)
  }

  package static func notChecked(_ name: Name, _ reason: String) -> Stage {
    Stage(name, .notChecked, "not checked: \(reason)")
  }

  /// Both together: as bad as the worse of the two.
  func adding(_ other: Stage) -> Stage {
    let verdicts: [Verdict] = [.failed, .notChecked, .warning]
    let worst = verdicts.first { verdict == $0 || other.verdict == $0 } ?? .ok
    let advice = [advice, other.advice].compactMap(\.self)
    return Stage(
      name, worst, "\(detail); \(other.detail)",
      advice.isEmpty ? nil : advice.joined(separator: "; "), code: code ?? other.code)
  }

  package var isOK: Bool { verdict == .ok || verdict == .warning }

  package var document: JSONValue {
    [
      "stage": .string(name.rawValue), "ok": .bool(isOK), "detail": .string(detail),
      "advice": advice.map { .string($0) } ?? .null, "code": code.map { .integer($0) } ?? .null,
    ]
  }
}

/// "What is wrong; what to do", as those say it who know both.
enum StageText {
  static func halves(_ text: String) -> (what: String, advice: String?) {
    guard let mark = text.firstRange(of: "; ") else { return (text, nil) }
    return (String(text[..<mark.lowerBound]), String(text[mark.upperBound...]))
  }
}

/// What a part of the examination found; several findings are told together, the worst first.
struct Findings {
  private var failures: [(detail: String, advice: String, code: Int?)] = []
  private var warnings: [(detail: String, advice: String)] = []
  private var notes: [String] = []

  mutating func fail(_ detail: String, _ advice: String, code: Int? = nil) {
    failures.append((detail, advice, code))
  }

  mutating func warn(_ detail: String, _ advice: String) { warnings.append((detail, advice)) }

  mutating func note(_ detail: String) { notes.append(detail) }

  var areGood: Bool { failures.isEmpty }

  func stage(_ name: Stage.Name) -> Stage {
    let details = failures.map(\.detail) + warnings.map(\.detail) + notes
    let detail = details.joined(separator: "; ")
    var advice: [String] = []
    for text in failures.map(\.advice) + warnings.map(\.advice) where !advice.contains(text) {
      advice.append(text)
    }
    let told = advice.joined(separator: "; ")
    if !failures.isEmpty {
      return .failed(name, detail, told, code: failures.lazy.compactMap(\.code).first)
    }
    return warnings.isEmpty ? .ok(name, detail) : .warning(name, detail, told)
  }
}
