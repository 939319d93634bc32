import Domain
import Foundation
import Testing

/// What `journalctl -x` shows beside the lines.
@Suite struct JournalCatalogTests {
  /// The entries: an ID, and the lines below it.
  private static func entries() throws -> [(id: String, lines: [Substring])] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appending(path: "systemd/mexc-signald.catalog"), encoding: .utf8)
    var entries: [(id: String, lines: [Substring])] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("-- ") {
        entries.append((String(line.dropFirst(3)), []))
      } else if !entries.isEmpty {
        entries[entries.count - 1].lines.append(line)
      }
    }
    return entries
  }

  @Test func `every kind of line is in the catalogue, and nothing else`() throws {
    #expect(try Self.entries().map(\.id) == LogKind.allCases.map(\.rawValue))
    #expect(Set(LogKind.allCases.map(\.rawValue)).count == LogKind.allCases.count)
    for kind in LogKind.allCases {
      #expect(kind.rawValue.count == 32)
      #expect(kind.rawValue.allSatisfy { $0.isHexDigit && !$0.isUppercase })
    }
  }

  @Test func `every entry has a subject and a text, and names fields that its lines have`() throws {
    let fields: Set = ["SIGNAL_ID", "CLIENT_ORDER_ID", "SYMBOL", "CODE"]
    for (id, lines) in try Self.entries() {
      #expect(lines.first?.hasPrefix("Subject: ") ?? false, "\(id)")
      #expect(lines.dropFirst().first == "Defined-By: mexc-signald", "\(id)")
      #expect(lines.dropFirst(2).first == "", "\(id)")
      #expect(lines.dropFirst(3).contains { !$0.isEmpty }, "\(id)")
      let named = lines.joined(separator: "\n").matches(of: #/@(\w+)@/#).map { String($0.1) }
      #expect(Set(named).subtracting(fields) == [], "\(id)")
    }
  }
}
