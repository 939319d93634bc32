import Configuration
import Platform

/// What `--help` and `help COMMAND` print.
package enum HelpText {
  static let general: [CommandHelp.Option] = [
    CommandHelp.valued(
      "--config", "FILE", "the daemon's configuration (default \(Configuration.standardPath))"),
    CommandHelp.valued("--socket", "PATH", "the control socket, without a configuration at hand"),
    CommandHelp.flag("--json", "one JSON document on standard output"),
    CommandHelp.flag("--version", "prints the version"),
    CommandHelp.flag("--manual", "prints the manual page, for 'man -l -'"),
    CommandHelp.flag("--help", "prints this text; after a command, what it does and takes"),
  ]

  static let exitStatus =
    "Exit status: 0 done, 1 refused or failed, 2 wrong usage, 78 wrong configuration"

  static let synopsis = "mexc-signalctl [--config FILE | --socket PATH] [--json] COMMAND"

  package static let all: String = {
    let commands = OperatorVerb.allCases.map { ($0.rawValue, $0.help.summary) }
    return ["Usage: " + synopsis, "", table(commands), "", options(general), "", exitStatus]
      .joined(separator: "\n")
  }()

  package static func of(_ verb: OperatorVerb) -> String {
    let help = verb.help
    let calls = help.synopses.map { synopsis in
      "mexc-signalctl \(verb.rawValue)" + (synopsis.isEmpty ? "" : " " + synopsis)
    }
    let usage = TextLayout.wrapped(calls, first: "Usage: ", next: "       ")
    var parts = [usage, TextLayout.wrapped([capitalised(help.summary) + "." + details(help)])]
    if !help.options.isEmpty { parts.append(options(help.options)) }
    if !help.examples.isEmpty {
      parts.append(
        "For example:\n"
          + help.examples.map { "  mexc-signalctl \($0.command)\n      \($0.meaning)" }
          .joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  private static func details(_ help: CommandHelp) -> String {
    help.details.isEmpty ? "" : " " + help.details
  }

  private static func options(_ options: [CommandHelp.Option]) -> String {
    table(
      options.map { option in
        let choices = option.choices.isEmpty ? "" : ": " + option.choices.joined(separator: ", ")
        return (option.synopsis, option.meaning + choices)
      })
  }

  private static func table(_ rows: [(term: String, text: String)]) -> String {
    let width = rows.map(\.term.count).max() ?? 0
    return rows.map { row in
      let padding = String(repeating: " ", count: width - row.term.count)
      return TextLayout.wrapped(
        [row.text], first: "  \(row.term)\(padding)  ",
        next: String(repeating: " ", count: width + 4))
    }.joined(separator: "\n")
  }

  static func capitalised(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
