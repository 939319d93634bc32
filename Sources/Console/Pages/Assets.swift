/// The parts of the pages that are the same for everybody, compiled in: nothing is read from a disk, and
/// nothing comes from elsewhere.
enum Assets {
  static let scripts: [(name: String, text: String)] = [
    ("console.js", CommonScript.text), ("live.js", LiveScript.text),
    ("overview.js", OverviewScript.text), ("lists.js", ListsScript.text),
    ("story.js", StoryScript.text), ("charts.js", ChartsScript.text),
    ("config.js", ConfigurationScript.text), ("submit.js", SubmitScript.text),
  ]

  static func reply(_ route: Route) -> Reply {
    if case .script(let index) = route { return .text(scripts[index].text, .javaScript) }
    return .text(PageStyle.text, .css)
  }
}
