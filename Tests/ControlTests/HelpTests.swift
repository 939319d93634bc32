import Control
import Foundation
import Platform
import Testing

struct HelpTests {
  private func tool(_ arguments: String...) -> (status: ExitCode, output: String, errors: String) {
    let run = ToolRun()
    let status = runOperator(
      arguments,
      terminal: OperatorTerminal(output: { run.say($0) }, complaints: { run.complain($0) }))
    return (status, run.output, run.complaints)
  }

  @Test(arguments: OperatorVerb.allCases)
  func `every command is explained, with an example and every option`(verb: OperatorVerb) {
    let help = tool("help", verb.rawValue)
    #expect(help.status == .done)
    #expect(help.output == tool(verb.rawValue, "--help").output)
    #expect(help.output.hasPrefix("Usage: mexc-signalctl \(verb.rawValue)"))
    #expect(help.output.contains("\n  mexc-signalctl \(verb.rawValue)"))
    for option in verb.flags + verb.valued {
      #expect(help.output.contains("\n  \(option) "), "\(option)")
    }
    #expect(tool("--help").output.contains("\n  \(verb.rawValue) "))
    #expect(tool("--manual").output.contains("\n.B \(verb.rawValue.replacing("-", with: "\\-"))"))
  }

  @Test(arguments: OperatorVerb.allCases.map(\.rawValue) + [""])
  func `no line of a help is wider than a terminal`(verb: String) {
    let text = verb.isEmpty ? tool("--help").output : tool("help", verb).output
    #expect(text.split(separator: "\n").allSatisfy { $0.count < 80 })
  }

  @Test func `help of no command says so`() {
    let wrong = tool("help", "signls")
    #expect(wrong.status == .wrongUsage)
    #expect(wrong.errors.contains("did you mean 'signals'?"))
    #expect(tool("help").output == tool("--help").output)
    #expect(tool("completion", "cmd").status == .wrongUsage)
  }

  /// Every line that begins with a point is a request of man(7), and every other one is text.
  @Test func `the manual page is well formed`() throws {
    let page = tool("--manual").output
    #expect(page.hasPrefix(".TH MEXC-SIGNALCTL 1 "))
    let requests: Set<Substring> = [
      ".TH", ".SH", ".PP", ".TP", ".B", ".nf", ".fi", ".nh", ".ad", ".RS", ".RE",
    ]
    for line in page.split(separator: "\n") where line.hasPrefix(".") {
      #expect(requests.contains(line.prefix { $0 != " " }), "\(line)")
    }
    #expect(page.components(separatedBy: ".RS").count == page.components(separatedBy: ".RE").count)
    #expect(page.components(separatedBy: ".nf").count == page.components(separatedBy: ".fi").count)
  }

  private func completed(_ words: String...) throws -> [String] {
    let script = tool("completion", "bash").output
    let program = """
      COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
      COMP_CWORD=\(words.count - 1)
      _mexc_signalctl
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    let bash = Process()
    bash.executableURL = URL(fileURLWithPath: "/bin/bash")
    bash.arguments = ["-c", script + "\n" + program]
    let output = Pipe()
    bash.standardOutput = output
    try bash.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    bash.waitUntilExit()
    #expect(bash.terminationStatus == 0)
    return text.split(separator: "\n").map(String.init)
  }

  @Test func `bash completes commands, options and values`() throws {
    #expect(try completed("mexc-signalctl", "ca") == ["cancel", "cancel-all"])
    #expect(try completed("mexc-signalctl", "--j") == ["--json"])
    #expect(try completed("mexc-signalctl", "--json", "orders", "--fo") == ["--follow"])
    #expect(try completed("mexc-signalctl", "orders", "--state", "fil") == ["filled"])
    #expect(try completed("mexc-signalctl", "keys", "ch") == ["check", "change-passphrase"])
    #expect(try completed("mexc-signalctl", "tail", "--level", "w") == ["warning"])
    #expect(try completed("mexc-signalctl", "--config", "") == [])
    #expect(try completed("mexc-signalctl", "sign", "--passphrase-file", "") == [])
    #expect(try completed("mexc-signalctl", "report", "--output", "") == [])
  }
}
