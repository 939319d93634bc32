import Configuration

enum ConfigurationCheck {
  static func check(_ input: [UInt8]) throws(Broken) {
    switch Configuration.read(input, file: "config.json5") {
    case .success(let configuration): try check(configuration)
    case .failure(let invalid):
      try require(!invalid.violations.isEmpty, "refused without a reason")
      for violation in invalid.violations { try requireOneLine(violation.description) }
    }
  }

  private static func check(_ configuration: Configuration) throws(Broken) {
    let text = configuration.effectiveText()
    guard case .success(let again) = Configuration.read(Array(text.utf8), file: "effective") else {
      throw Broken("the effective configuration is refused")
    }
    try require(again == configuration, "the effective configuration reads as another")
    try require(
      Configuration.changesNeedingRestart(from: configuration, to: again).isEmpty
        && Configuration.changesTakenOver(from: configuration, to: again).isEmpty,
      "a change where there is none")
    let standard = Configuration()
    guard let reloaded = try? standard.takingOver(from: configuration) else { return }
    try require(
      Configuration.changesNeedingRestart(from: standard, to: reloaded).isEmpty,
      "a reload changed what needs a restart")
  }
}
