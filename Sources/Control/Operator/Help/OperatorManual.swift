import Platform

/// mexc-signalctl(1), of the same table as `--help`.
enum OperatorManual {
  static var page: ManualPage {
    ManualPage(
      name: "mexc-signalctl", number: 1, summary: "the operator's tool of mexc-signald",
      sections: [
        ManualPage.Section("SYNOPSIS", [.paragraph(HelpText.synopsis)]),
        ManualPage.Section("OPTIONS", HelpText.general.map(item)),
        ManualPage.Section("COMMANDS", OperatorVerb.allCases.flatMap(blocks)),
        ManualPage.Section("EXIT STATUS", [.paragraph(HelpText.exitStatus)]),
        ManualPage.Section(
          "ENVIRONMENT",
          [
            .item(term: "NO_COLOR", text: "When it is set, nothing is coloured on a terminal."),
            .item(term: "TZ", text: "The zone of the times that a person reads."),
          ]),
        ManualPage.Section(
          "SEE ALSO", [.paragraph("mexc-signald(8), mexc-signald.json5(5), mexc-sim(1)")]),
      ])
  }

  private static func blocks(_ verb: OperatorVerb) -> [ManualPage.Block] {
    let help = verb.help
    let calls = help.synopses.map { "\(verb.rawValue) \($0)" }
    var blocks: [ManualPage.Block] = calls.dropLast().map { .item(term: $0, text: "") }
    let text = HelpText.capitalised(help.summary) + ". " + help.details
    blocks.append(.item(term: calls.last ?? verb.rawValue, text: text))
    let examples: [ManualPage.Block] = help.examples.map { example in
      .verbatim("mexc-signalctl \(example.command)\n    \(example.meaning)")
    }
    return blocks + [.below(help.options.map(item) + examples)]
  }

  private static func item(_ option: CommandHelp.Option) -> ManualPage.Block {
    let choices = option.choices.isEmpty ? "" : ": " + option.choices.joined(separator: ", ")
    return .item(term: option.synopsis, text: HelpText.capitalised(option.meaning) + choices + ".")
  }
}
