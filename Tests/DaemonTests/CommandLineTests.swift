import Daemon
import Platform
import Testing

@Suite struct CommandLineTests {
  @Test func `arguments say what to do`() throws {
    let rows: [([String], CommandLineOptions.Action)] = [
      (["--config", "a.json5"], .run(configuration: "a.json5")),
      (["--config=a=b"], .run(configuration: "a=b")),
      (["--config", "x", "--check-config"], .check(configuration: "x", isQuiet: false)),
      (["--quiet", "--check-config", "--config=x"], .check(configuration: "x", isQuiet: true)),
      (["--check-config", "--version"], .showVersion),
      (["--version"], .showVersion),
      (["--version", "--help"], .showHelp),
      (["-h"], .showHelp),
      (["--manual"], .showManual),
    ]
    for (arguments, action) in rows {
      #expect(try CommandLineOptions.parse(arguments).action == action, "\(arguments)")
    }
    #expect(CommandLineOptions.usage.contains("--check-config"))
  }

  /// What was not named is not guessed: without readable arguments nothing may start.
  @Test func `wrong usage is one line`() {
    let rows = [
      ([], "--config FILE is missing"),
      (["--check-config"], "--config FILE is missing"),
      (["--check-config", "--quiet"], "--config FILE is missing"),
      (["--config"], "--config needs the path of a file"),
      (["--config="], "--config needs the path of a file"),
      (["--config", "a", "--config", "b"], "--config is given twice"),
      (["--config", "a", "--quiet"], "--quiet goes with --check-config"),
      (["--confg", "a"], "unknown option '--confg'; did you mean --config?"),
      (["--foo"], "unknown option '--foo'"),
      (["--version=1"], "--version takes no value"),
      (["--mx0secret"], "unknown option"),
      (
        ["config.json5"],
        "unexpected argument 'config.json5'; the configuration is given as --config FILE"
      ),
    ]
    for (arguments, message) in rows {
      let error = #expect(throws: CommandLineOptions.UsageError.self) {
        try CommandLineOptions.parse(arguments)
      }
      #expect(error?.description == message)
    }
  }

  @Test func `exit statuses are the documented ones`() {
    #expect(
      [ExitCode.done, .failed, .wrongUsage, .invalidConfiguration].map(\.rawValue)
        == [0, 1, 2, 78])
  }
}
