import Foundation
import Glibc
import JSON
import SimulatedExchange
import TestKit
import Testing

/// `keys set` at a terminal.
@Suite struct KeysPromptTests {
  private let scratch: Scratch
  private let terminal: PseudoTerminal
  private let configuration: String

  init() throws {
    scratch = try Scratch()
    terminal = try PseudoTerminal()
    var settings = Settings.live("http://127.0.0.1:9", in: scratch)
    settings["credentials.file"] = .string(scratch("credentials"))
    configuration = try scratch.write("config.json5", settings.text)
  }

  /// The terminal is its standard input and error.
  private func set() throws -> ChildProcess {
    let process = try ChildProcess(
      "/bin/sh",
      [
        "-c", "exec \"$0\" \"$@\" <&3 2>&3 3>&-", BuiltProgram.control.path, "--config",
        configuration, "keys", "set",
      ], passing: [terminal.program])
    try process.wait(for: "a terminal that hides") { try terminal.echoes ? nil : true }
    return process
  }

  @Test func `what is typed is not shown, and the terminal shows again afterwards`() throws {
    let process = try set()
    let lines = [
      SimulatorConfiguration.demoKey, SimulatorConfiguration.demoSecret, "open sesame",
      "open sesame",
    ]
    for line in lines { try terminal.type(line + "\n") }
    #expect(try process.waitForEnd() == .exited(0))
    #expect(try terminal.echoes)
    let screen = terminal.screen()
    for prompt in ["API key: ", "Secret: ", "Passphrase: ", "Passphrase again: "] {
      #expect(screen.contains(prompt), "\(screen)")
    }
    for line in lines { #expect(!screen.contains(line)) }
    #expect(process.output.contains("written"))
  }

  @Test func `two passphrases that differ leave a terminal that shows, and no file`() throws {
    let process = try set()
    for line in [
      SimulatorConfiguration.demoKey, SimulatorConfiguration.demoSecret, "open", "sesame",
    ] { try terminal.type(line + "\n") }
    #expect(try process.waitForEnd() == .exited(1))
    #expect(try terminal.echoes)
    #expect(terminal.screen().contains("the two passphrases differ"))
    #expect(!FileManager.default.fileExists(atPath: scratch("credentials")))
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func `a signal sets the terminal back and ends the program`(number: CInt) throws {
    let process = try set()
    try terminal.type("half")
    process.signal(number)
    #expect(try process.waitForEnd() == .killed(number))
    #expect(try terminal.echoes)
  }

  @Test func `the end of the input leaves a terminal that shows`() throws {
    let process = try set()
    // Control-D at the beginning of a line (termios(3), VEOF).
    try terminal.type("\u{4}")
    #expect(try process.waitForEnd() == .exited(1))
    #expect(try terminal.echoes)
  }
}
