import Platform

/// The completion of the tool's arguments, of the same table as `--help`.
package enum Completion {
  package enum Shell: String, CaseIterable {
    case bash, zsh, fish
  }

  package static func script(for shell: Shell) -> String {
    switch shell {
    case .bash: bash
    case .zsh: zsh
    case .fish: fish
    }
  }

  /// They go with every command, and before it.
  private static let generalNames = HelpText.general.map(\.name)

  private static func names(of verb: OperatorVerb) -> [String] {
    verb.help.words + verb.help.options.map(\.name) + generalNames
  }

  /// Options with a closed list of values.
  private static var choices: [(verb: OperatorVerb, option: CommandHelp.Option)] {
    OperatorVerb.allCases.flatMap { verb in
      verb.help.options.filter { !$0.choices.isEmpty }.map { (verb, $0) }
    }
  }

  /// Options whose value is a file, which the shell completes better; each once.
  private static var fileNames: [String] {
    let options = HelpText.general + OperatorVerb.allCases.flatMap(\.help.options)
    var names: [String] = []
    for option in options where option.value == "FILE" || option.value == "PATH" {
      if !names.contains(option.name) { names.append(option.name) }
    }
    return names
  }

  // MARK: bash

  private static var bash: String {
    let commands = OperatorVerb.allCases.map(\.rawValue).joined(separator: " ")
    let verbs = OperatorVerb.allCases.map { verb in
      "    \(verb.rawValue)) words=\"\(names(of: verb).joined(separator: " "))\" ;;"
    }
    let values = choices.map { verb, option in
      "    \(verb.rawValue):\(option.name)) words=\"\(option.choices.joined(separator: " "))\" ;;"
    }
    let files = fileNames.map { "*:\($0)" }.joined(separator: " | ")
    return """
      # bash completion for mexc-signalctl
      _mexc_signalctl() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
        local verb='' words='' index
        for ((index = 1; index < COMP_CWORD; index++)); do
          case " \(commands) " in
          *" ${COMP_WORDS[index]} "*)
            verb=${COMP_WORDS[index]}
            break
            ;;
          esac
        done
        case $verb in
          '') words="\(commands) \(generalNames.joined(separator: " "))" ;;
      \(verbs.joined(separator: "\n"))
        esac
        case $verb:$previous in
      \(values.joined(separator: "\n"))
          \(files)) words='' ;;
        esac
        COMPREPLY=($(compgen -W "$words" -- "$current"))
      }
      complete -o bashdefault -o default -F _mexc_signalctl mexc-signalctl
      """
  }

  // MARK: zsh

  private static var zsh: String {
    let commands = OperatorVerb.allCases.map { verb in
      "    '\(verb.rawValue):\(quoted(verb.help.summary))'"
    }
    let verbs = OperatorVerb.allCases.map { verb in
      let options = (verb.help.options + HelpText.general).map { "'\(zshOption($0))'" }
      let words =
        verb.help.words.isEmpty
        ? "'*:file:_files'" : "'1:word:(\(verb.help.words.joined(separator: " ")))'"
      return "    \(verb.rawValue)) _arguments \((options + [words]).joined(separator: " ")) ;;"
    }
    let general = HelpText.general.map { "'\(zshOption($0))'" }.joined(separator: " ")
    return """
      #compdef mexc-signalctl
      _mexc_signalctl() {
        local context state state_descr line
        typeset -A opt_args
        _arguments -C \(general) '1:command:->command' '*::argument:->argument'
        case $state in
        command)
          local -a commands
          commands=(
      \(commands.joined(separator: "\n"))
          )
          _describe command commands
          ;;
        argument)
          case $line[1] in
      \(verbs.joined(separator: "\n"))
          esac
          ;;
        esac
      }
      _mexc_signalctl "$@"
      """
  }

  private static func zshOption(_ option: CommandHelp.Option) -> String {
    let text = "\(option.name)[\(quoted(option.meaning))]"
    guard let value = option.value else { return text }
    let values = option.choices.isEmpty ? "_files" : "(\(option.choices.joined(separator: " ")))"
    return text + ":\(quoted(value)):\(values)"
  }

  /// Brackets and colons separate the parts of a description, and a quote ends it.
  private static func quoted(_ text: String) -> String {
    text.replacing("'", with: "’").replacing("[", with: "(").replacing("]", with: ")")
      .replacing(":", with: "\\:")
  }

  // MARK: fish

  private static var fish: String {
    let isFirst = "not __fish_seen_subcommand_from $commands"
    let commands = OperatorVerb.allCases.map { verb in
      fishLine(["-n '\(isFirst)'", "-a \(verb.rawValue)", "-d '\(fishText(verb.help.summary))'"])
    }
    let general = HelpText.general.map { fishLine(fishOption($0)) }
    let verbs = OperatorVerb.allCases.flatMap { verb -> [String] in
      let isHere = "-n '__fish_seen_subcommand_from \(verb.rawValue)'"
      let words = verb.help.words.map { fishLine([isHere, "-a \($0)"]) }
      return words + verb.help.options.map { fishLine([isHere] + fishOption($0)) }
    }
    let names = OperatorVerb.allCases.map(\.rawValue).joined(separator: " ")
    return
      (["# fish completion for mexc-signalctl", "set -l commands \(names)"] + commands + general
      + verbs).joined(separator: "\n")
  }

  private static func fishLine(_ parts: [String]) -> String {
    (["complete -c mexc-signalctl"] + parts).joined(separator: " ")
  }

  private static func fishOption(_ option: CommandHelp.Option) -> [String] {
    var parts = ["-l \(option.name.dropFirst(2))", "-d '\(fishText(option.meaning))'"]
    if option.value != nil { parts.append("-r") }
    if !option.choices.isEmpty { parts.append("-f -a '\(option.choices.joined(separator: " "))'") }
    return parts
  }

  private static func fishText(_ text: String) -> String {
    text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
  }
}
