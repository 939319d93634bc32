import Configuration
package import Platform

/// What the arguments of the daemon ask for.
package struct CommandLineOptions: Equatable, Sendable {
  package enum Action: Equatable, Sendable {
    case run(configuration: String)
    /// A quiet check prints what is wrong, and nothing else.
    case check(configuration: String, isQuiet: Bool)
    case showVersion
    case showHelp
    case showManual
  }

  package var action: Action

  /// Wrong usage: one line that says what is wrong.
  package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package static let usage = """
    Usage: mexc-signald --config FILE [--check-config [--quiet]]
           mexc-signald --version | --manual | --help

      --config FILE    the configuration; there is no other place where it is looked for
      --check-config   print the effective configuration, or everything that is wrong with it
      --quiet          with --check-config: print only what is wrong
      --version        print the version
      --manual         print the manual page, for 'man -l -'
      --help           print this text

    Exit status: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
    """

  package static var manual: ManualPage {
    ManualPage(
      name: "mexc-signald", number: 8, summary: "executes trade signals on MEXC", help: usage,
      seeAlso: "mexc-signalctl(1), mexc-signald.json5(5), mexc-sim(1), systemctl(1), journalctl(1)")
  }

  private static let names = [
    "--config", "--check-config", "--quiet", "--version", "--manual", "--help",
  ]

  /// Reads the arguments, without the program's name. Throws what is wrong with them, in words for
  /// the person who typed them.
  package static func parse(
    _ arguments: [String]
  ) throws(UsageError) -> CommandLineOptions {
    var path: String?
    var flags: Set<String> = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let (name, attached) = split(argument)
      guard names.contains(name) || name == "-h" else { throw unknown(name) }
      if name == "--config" {
        guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
          throw UsageError(description: "--config needs the path of a file")
        }
        if path != nil { throw UsageError(description: "--config is given twice") }
        path = value
      } else if attached != nil {
        throw UsageError(description: "\(name) takes no value")
      } else {
        flags.insert(name)
      }
    }
    return CommandLineOptions(action: try action(flags, path))
  }

  private static func action(
    _ flags: Set<String>, _ path: String?
  ) throws(UsageError) -> Action {
    if flags.contains("--help") || flags.contains("-h") { return .showHelp }
    if flags.contains("--version") { return .showVersion }
    if flags.contains("--manual") { return .showManual }
    guard let path else { throw UsageError(description: "--config FILE is missing") }
    let isQuiet = flags.contains("--quiet")
    if flags.contains("--check-config") {
      return .check(configuration: path, isQuiet: isQuiet)
    }
    if isQuiet { throw UsageError(description: "--quiet goes with --check-config") }
    return .run(configuration: path)
  }

  /// `--name=value` in its parts.
  private static func split(_ argument: String) -> (name: String, value: String?) {
    guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else {
      return (argument, nil)
    }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  private static func unknown(_ name: String) -> UsageError {
    guard name.hasPrefix("-") else {
      return UsageError(
        description: "unexpected argument\(UsageMessage.shown(name)); the configuration is given "
          + "as --config FILE")
    }
    let text = "unknown option\(UsageMessage.shown(name))"
    let near = Spelling.nearest(to: name, among: names)
    return UsageError(description: near.map { "\(text); did you mean \($0)?" } ?? text)
  }
}
