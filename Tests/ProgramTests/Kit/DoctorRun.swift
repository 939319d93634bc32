import Domain
import JSON
import SimulatedExchange
import TestKit
import Testing

/// `mexc-signalctl doctor` on a configuration of its own, and what it said.
struct DoctorRun {
  let status: Int32
  let document: JSONValue
  /// Everything that it printed.
  let text: String

  struct Stage {
    let ok: Bool
    let detail: String
    let advice: String
    let code: Int64?
  }

  init(_ daemon: DaemonUnderTest) throws {
    let process = try ChildProcess(
      BuiltProgram.control.path,
      ["--config", daemon.writeConfiguration(), "--json", "doctor"],
      environment: daemon.environment)
    guard case .exited(let status) = try process.waitForEnd() else {
      throw Unusable("mexc-signalctl was killed")
    }
    self.status = status
    text = process.output + process.lines.joined(separator: "\n")
    document = try JSONReader.read(Array(process.output.utf8))
  }

  var names: [String] {
    (document["stages"]?.arrayValue ?? []).compactMap { $0["stage"]?.stringValue }
  }

  /// The stages that are not ok, in their order.
  var failed: [String] {
    (document["stages"]?.arrayValue ?? []).filter { $0["ok"] != true }
      .compactMap { $0["stage"]?.stringValue }
  }

  func stage(_ name: String) throws -> Stage {
    let stages = document["stages"]?.arrayValue ?? []
    guard let stage = stages.first(where: { $0["stage"]?.stringValue == name }) else {
      throw Unusable("no stage \(name): \(text)")
    }
    return Stage(
      ok: stage["ok"] == true, detail: stage["detail"]?.stringValue ?? "",
      advice: stage["advice"]?.stringValue ?? "", code: stage["code"]?.integerValue)
  }
}

/// One case of trouble, how it is brought about, and how the doctor tells it.
struct DoctorCase: CustomTestStringConvertible, Sendable {
  let name: String
  /// Of the simulated exchange.
  var options: [String] = []
  /// Rules of a fault plan.
  var faults: [String] = []
  /// Requests to the simulated exchange's own control.
  var admin: [String] = []
  var variables: [String: String] = [:]
  let stage: String
  var code: Int64?
  let detail: String
  let advice: String

  var testDescription: String { name }

  static let time = "GET /api/v3/time"
  static let account = "GET /api/v3/account"

  /// The exchange refuses the first signed request so.
  static func refused(
    _ name: String, _ code: Int64, _ text: String = "its words", status: Int = 400,
    stage: String = "authentication", detail: String, advice: String
  ) -> DoctorCase {
    DoctorCase(
      name: name,
      faults: [FaultRule.answer(account, status, "{\"code\":\(code),\"msg\":\"\(text)\"}")],
      stage: stage, code: code, detail: detail, advice: advice)
  }
}
