/// What a command takes and does, in the words that `help`, the manual page and the completion show.
struct CommandHelp {
  struct Option {
    /// Two hyphens included.
    let name: String
    /// What stands for its value; `nil` for a flag.
    let value: String?
    let meaning: String
    /// The only values that there are, where a list of them exists.
    var choices: [String] = []

    var synopsis: String { value.map { "\(name) \($0)" } ?? name }
  }

  struct Example {
    let command: String
    let meaning: String
  }

  /// What follows the command's name, one line for each way to call it.
  let synopses: [String]
  /// Half a line.
  let summary: String
  /// Sentences, none that repeats the summary.
  var details = ""
  /// The words that may follow the command, where a list of them exists.
  var words: [String] = []
  var options: [Option] = []
  var examples: [Example] = []

  static func flag(_ name: String, _ meaning: String) -> Option {
    Option(name: name, value: nil, meaning: meaning)
  }

  static func valued(
    _ name: String, _ value: String, _ meaning: String, choices: [String] = []
  ) -> Option {
    Option(name: name, value: value, meaning: meaning, choices: choices)
  }

  static func example(_ command: String, _ meaning: String) -> Example {
    Example(command: command, meaning: meaning)
  }
}
