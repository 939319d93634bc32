/// The exit status of the programs.
package enum ExitCode: Int32, Sendable {
  case done = 0
  /// Refused, or failed at work.
  case failed = 1
  case wrongUsage = 2
  /// EX_CONFIG of sysexits.h; the unit file keeps systemd from starting again after it.
  case invalidConfiguration = 78
}

/// What the program calls itself.
package enum Version {
  package static let text = "0.1.0"
}

/// What the arguments of the daemon ask for.
package struct CommandLineOptions: Equatable, Sendable {
  package enum Action: Equatable, Sendable {
    case run
    case checkConfiguration
    case showVersion
    case showHelp
  }

  package var action: Action
  package var configurationPath: String
  /// A check prints what is wrong, and nothing else.
  package var isQuiet = false

  /// Wrong usage: one line that says what is wrong.
  package struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String
  }

  package static let usage = """
    Usage: mexc-signald [--config FILE] [--check-config [--quiet]] [--version] [--help]

      --config FILE    the configuration (default \(Configuration.standardPath))
      --check-config   print the effective configuration, or everything that is wrong with it
      --quiet          with --check-config: print only what is wrong
      --version        print the version
      --help           print this text

    Exit status: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
    """

  private static let names = ["--config", "--check-config", "--quiet", "--version", "--help"]

  /// Reads the arguments, without the program's name.
  package static func parse(_ arguments: [String]) -> Result<CommandLineOptions, UsageError> {
    var action = Action.run
    var path: String?
    var isQuiet = false
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let (name, attached) = split(argument)
      if attached != nil, name != "--config" { return .failure(unknown(argument)) }
      switch name {
      case "--config":
        guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
          return .failure(UsageError(description: "--config needs the path of a file"))
        }
        if path != nil { return .failure(UsageError(description: "--config is given twice")) }
        path = value
      case "--check-config": if action == .run { action = .checkConfiguration }
      case "--quiet": isQuiet = true
      case "--version": if action != .showHelp { action = .showVersion }
      case "--help", "-h": action = .showHelp
      default: return .failure(unknown(argument))
      }
    }
    if isQuiet, action == .run {
      return .failure(UsageError(description: "--quiet goes with --check-config"))
    }
    return .success(
      CommandLineOptions(
        action: action, configurationPath: path ?? Configuration.standardPath, isQuiet: isQuiet))
  }

  /// `--name=value` in its parts.
  private static func split(_ argument: String) -> (name: String, value: String?) {
    guard argument.hasPrefix("--"), let sign = argument.firstIndex(of: "=") else {
      return (argument, nil)
    }
    return (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
  }

  /// Only the shape of what was written is repeated: an argument may hold a key by mistake.
  private static func unknown(_ argument: String) -> UsageError {
    let name = split(argument).name
    guard name.hasPrefix("-") else {
      return UsageError(description: "arguments without a name are not taken; use --config FILE")
    }
    if let near = Spelling.nearest(to: name, among: names) {
      return UsageError(
        description: near == name
          ? "\(name) takes no value" : "unknown option \(name); did you mean \(near)?")
    }
    return UsageError(description: "unknown option; see --help")
  }
}
