import Daemon
import Foundation
import Testing

@Suite struct CommandLineTests {
  @Test func `Arguments say what to do`() throws {
    let path = "/etc/mexc-signald/config.json5"
    let rows: [([String], CommandLineOptions.Action, String)] = [
      ([], .run, path),
      (["--config", "a.json5"], .run, "a.json5"),
      (["--config=a=b"], .run, "a=b"),
      (["--check-config"], .checkConfiguration, path),
      (["--config", "x", "--check-config"], .checkConfiguration, "x"),
      (["--check-config", "--version"], .showVersion, path),
      (["--version", "--help"], .showHelp, path),
      (["-h"], .showHelp, path),
    ]
    for (arguments, action, path) in rows {
      let options = try CommandLineOptions.parse(arguments).get()
      #expect(options.action == action)
      #expect(options.configurationPath == path)
    }
  }

  @Test func `Wrong usage is one line`() {
    let rows = [
      (["--config"], "--config needs the path of a file"),
      (["--config="], "--config needs the path of a file"),
      (["--config", "a", "--config", "b"], "--config is given twice"),
      (["--confg", "a"], "unknown option --confg; did you mean --config?"),
      (["--version=1"], "--version takes no value"),
      (["--mx0secret"], "unknown option; see --help"),
      (["config.json5"], "arguments without a name are not taken; use --config FILE"),
    ]
    for (arguments, message) in rows {
      let result = CommandLineOptions.parse(arguments)
      let error = #expect(throws: CommandLineOptions.UsageError.self) { try result.get() }
      #expect(error?.description == message)
    }
    #expect(CommandLineOptions.usage.contains("--check-config"))
  }

  @Test func `Quiet belongs to the check`() throws {
    #expect(try CommandLineOptions.parse(["--check-config", "--quiet"]).get().isQuiet)
    #expect(try !CommandLineOptions.parse(["--check-config"]).get().isQuiet)
    let error = #expect(throws: CommandLineOptions.UsageError.self) {
      try CommandLineOptions.parse(["--config", "a", "--quiet"]).get()
    }
    #expect(error?.description == "--quiet goes with --check-config")
  }

  @Test func `Exit statuses are the documented ones`() {
    #expect(
      [ExitCode.done, .failed, .wrongUsage, .invalidConfiguration].map(\.rawValue)
        == [0, 1, 2, 78])
  }
}

@Suite struct ConfigurationCheckTests {
  private func check(
    _ path: String, isQuiet: Bool = false, variables: [String: String] = [:]
  ) -> (ExitCode, output: [String], complaints: [String]) {
    var output: [String] = []
    var complaints: [String] = []
    let environment = CredentialEnvironment(
      value: { variables[$0].map { Array($0.utf8) } },
      erase: { Issue.record("a check erased \($0)") })
    let status = checkConfiguration(
      path, isQuiet: isQuiet, environment: environment, output: { output.append($0) },
      complaints: { complaints.append($0) })
    return (status, output, complaints)
  }

  private func file(_ text: String) throws -> String {
    let path = NSTemporaryDirectory() + "mexc-signald-\(UUID().uuidString).json5"
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
  }

  @Test func `A good file is printed as it takes effect`() throws {
    let path = try file("{mode: 'validate'}")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = check(path)
    #expect(result.0 == .done)
    var expected = Configuration()
    expected.mode = .validate
    #expect(result.output == [expected.effectiveText()])
    #expect(result.complaints == ["credentials: none found where this check runs"])
    let given = check(path, variables: ["MEXC_API_KEY": "k"])
    #expect(given.output == result.output)
    #expect(given.complaints == ["credentials: the environment"])
    let quiet = check(path, isQuiet: true)
    #expect(quiet.0 == .done)
    #expect(quiet.output.isEmpty && quiet.complaints.isEmpty)
  }

  @Test func `Paper mode asks for no credentials`() throws {
    let path = try file("{}")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = check(path)
    #expect(result.0 == .done)
    #expect(result.output == [Configuration().effectiveText()])
    #expect(result.complaints.isEmpty)
  }

  @Test func `Every violation of a bad file is a line`() throws {
    let path = try file("{\nmode: 1,\nrisks: {}}")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = check(path)
    #expect(result.0 == .invalidConfiguration)
    #expect(result.output.isEmpty)
    #expect(
      result.complaints == [
        "\(path):2: mode: found a number; write \"paper\", \"validate\" or \"live\" "
          + "(default \"paper\")",
        "\(path):3: risks: unknown key; did you mean \"risk\"?",
      ])
    let quiet = check(path, isQuiet: true)
    #expect(quiet.0 == .invalidConfiguration)
    #expect(quiet.complaints == result.complaints)
  }

  @Test func `A file that cannot be read is a violation`() throws {
    let missing = check("/nonexistent/c.json5")
    #expect(missing.0 == .invalidConfiguration)
    #expect(
      missing.complaints == [
        "/nonexistent/c.json5: cannot be read (No such file or directory); name a readable file"
      ])
    #expect(check("/").complaints.first?.contains("Is a directory") == true)
    let huge = try file(String(repeating: " ", count: 1_048_577))
    defer { try? FileManager.default.removeItem(atPath: huge) }
    #expect(check(huge).complaints.first?.contains("larger than 1048576 bytes") == true)
  }
}
