/// The parts of the pages that are the same for everybody, compiled in: nothing is read from a disk, and
/// nothing comes from elsewhere.
enum Assets {
  static let scripts: [(name: String, text: String)] = [
    ("console.js", PageScripts.common), ("live.js", PageScripts.live),
    ("overview.js", PageScripts.overview), ("lists.js", PageScripts.lists),
    ("story.js", PageScripts.story), ("charts.js", PageScripts.charts),
    ("config.js", PageScripts.configuration), ("submit.js", PageScripts.submit),
  ]

  static func reply(_ route: Route) -> Reply {
    if case .script(let index) = route { return .text(scripts[index].text, .javaScript) }
    return .text(PageStyle.text, .css)
  }
}

/// The pages' scripts, each in a file of its own.
///
/// Longer than 400 lines, because it is no type but a place for texts.
enum PageScripts {}
