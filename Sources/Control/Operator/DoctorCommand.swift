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
    let daemon = runningDaemon(path)
    let stages = Examination(
      configurationPath: path, daemon: daemon,
      becomeDaemonUser: { DaemonUser($0).become() }
    ).stages()
    let isOK = stages.allSatisfy(\.isOK)
    let document: JSONValue = [
      "ok": .bool(isOK), "stages": .array(stages.map(\.document)),
      "daemon": daemon?.summary ?? .null,
    ]
    context.show(document, Self.text(stages, daemon))
    return isOK ? .done : .failed
  }

  /// `nil` when none answers, whatever the reason: the stages say what is wrong here.
  private func runningDaemon(_ path: String) -> DaemonFacts? {
    guard case .success(let configuration) = Configuration.load(path) else { return nil }
    let socket = context.options.socketPath ?? configuration.control.socket
    return (try? context.daemon(controlSocket: socket).ask(.status)).map { DaemonFacts($0) }
  }

  private static func text(_ stages: [Stage], _ daemon: DaemonFacts?) -> String {
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
    guard let daemon else {
      return (lines + ["", "no daemon answers: all of this was looked at from here"])
        .joined(separator: "\n")
    }
    lines += ["", "the daemon runs" + (daemon.mode.map { ", in mode \($0)" } ?? "")]
    lines += daemon.problems.map { problem in
      "problem: " + ByteText.printable(problem.message) + "; "
        + ByteText.printable(problem.advice)
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
