import Configuration
import Doctor
import Domain
import JSON
import Platform

/// Everything that a daemon needs, stage by stage, with or without one.
struct DoctorCommand {
  let context: CommandContext

  func run() -> ExitCode {
    let path = context.configurationPath
    let answer = runningDaemon(path)
    var daemon: DaemonFacts?
    var daemonError: ControlFailure?
    switch answer {
    case .success(let facts): daemon = facts
    case .failure(let failure): daemonError = failure
    }
    let stages = Examination(
      configurationPath: path, daemon: daemon,
      becomeDaemonUser: { DaemonUser($0).become() }
    ).stages()
    let isOK = stages.allSatisfy(\.isOK) && (daemon?.problems.isEmpty ?? true)
    let document: JSONValue = [
      "ok": .bool(isOK), "stages": .array(stages.map(\.document)),
      "daemon": daemon?.summary ?? .null, "daemon_error": .text(daemonError?.message),
    ]
    context.show(document, Self.text(stages, answer))
    return isOK ? .done : .failed
  }

  private func runningDaemon(_ path: String) -> Result<DaemonFacts, ControlFailure> {
    let configuration = try? Configuration.load(path).get()
    guard let socket = context.options.socketPath ?? configuration?.control.socket else {
      return .failure(
        ControlFailure(
          code: .invalidConfiguration,
          message: "the configuration does not tell its control socket; "
            + "\(SocketAdvice.command("status")) asks there"))
    }
    do throws(ControlFailure) {
      return .success(DaemonFacts(try context.daemon(controlSocket: socket).ask(.status)))
    } catch {
      return .failure(error)
    }
  }

  private static func text(
    _ stages: [Stage], _ answer: Result<DaemonFacts, ControlFailure>
  ) -> String {
    let width = Stage.Name.allCases.map(\.rawValue.count).max() ?? 0
    func row(_ name: String, _ mark: String, _ text: String) -> String {
      let padded = name + String(repeating: " ", count: max(0, width - name.count) + 2)
      let marked = mark + String(repeating: " ", count: max(0, 7 - mark.count) + 2)
      return padded + marked + ByteText.printable(text)
    }
    var lines: [String] = []
    for stage in stages {
      lines.append(row(stage.name.rawValue, stage.verdict.mark, stage.detail))
      if let advice = stage.advice { lines.append(row("", "", "do: " + advice)) }
    }
    lines.append("")
    switch answer {
    case .success(let daemon):
      lines.append("the daemon runs" + (daemon.mode.map { ", in mode \($0)" } ?? ""))
      lines += daemon.problems.map { problem in
        "problem: " + StatusText.line(.string(problem.message), .string(problem.advice))
      }
    case .failure(let failure):
      let here = "all of this was looked at from here"
      lines.append(
        failure.code == .notRunning
          ? "no daemon answers: \(here)"
          : "whether a daemon runs is not known, and \(here): "
            + ByteText.printable(failure.message))
    }
    return lines.joined(separator: "\n")
  }
}

extension Stage.Verdict {
  fileprivate var mark: String {
    switch self {
    case .ok: "ok"
    case .warning: "warning"
    case .failed: "FAILED"
    case .notChecked: "-"
    }
  }
}
