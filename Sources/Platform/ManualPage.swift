/// A manual page in the language of man(7).
package struct ManualPage {
  package enum Block {
    case paragraph(String)
    /// As it stands, for instance a file.
    case verbatim(String)
    case item(term: String, text: String)
    /// Blocks that belong to the item before them.
    case below([Block])
  }

  package struct Section {
    package let title: String
    package let blocks: [Block]

    package init(_ title: String, _ blocks: [Block]) {
      self.title = title
      self.blocks = blocks
    }
  }

  private let name: String
  private let number: Int
  private let summary: String
  private let sections: [Section]

  package init(name: String, number: Int, summary: String, sections: [Section]) {
    self.name = name
    self.number = number
    self.summary = summary
    self.sections = sections
  }

  /// A page of what a program prints with `--help`: its usage, then the rest as it stands.
  package init(name: String, number: Int, summary: String, help: String, seeAlso: String) {
    let end = help.firstRange(of: "\n\n")?.lowerBound ?? help.endIndex
    let usage = String(help[..<end]).replacing("Usage: ", with: "       ")
    let rest = String(help[end...].drop { $0 == "\n" })
    self.init(
      name: name, number: number, summary: summary,
      sections: [
        Section("SYNOPSIS", [.verbatim(usage)]), Section("DESCRIPTION", [.verbatim(rest)]),
        Section("SEE ALSO", [.paragraph(seeAlso)]),
      ])
  }

  package var text: String {
    let head =
      ".TH \(name.uppercased()) \(number) \"\" \"mexc-signald\" \"\(Self.manuals[number] ?? "")\"\n"
      // Names and paths are not broken at the end of a line.
      + ".nh\n.ad l\n"
    let all = [Section("NAME", [.paragraph("\(name) - \(summary)")])] + sections
    return head + all.map(Self.text).joined()
  }

  private static let manuals = [
    1: "User Commands", 5: "File Formats", 8: "System Administration",
  ]

  private static func text(_ section: Section) -> String {
    ".SH \(section.title)\n" + section.blocks.map(text).joined()
  }

  private static func text(_ block: Block) -> String {
    switch block {
    case .paragraph(let text): ".PP\n\(escaped(text))\n"
    case .verbatim(let text): ".PP\n.nf\n\(escaped(text))\n.fi\n"
    case .item(let term, let text): ".TP\n.B \(escaped(term))\n\(escaped(text))\n"
    case .below(let blocks): ".RS\n" + blocks.map(self.text).joined() + ".RE\n"
    }
  }

  /// A backslash is roff's escape, a hyphen is one only as `\-`, and a line that begins with a point
  /// or an apostrophe would be a request.
  private static func escaped(_ text: String) -> String {
    let escaped = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
    return escaped.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : String(line)
    }.joined(separator: "\n")
  }
}
