import Foundation
import Testing

@Suite struct UnitFileTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// The settings of a unit, without comments.
  private static func settings(_ path: String) throws -> [String] {
    try text(path).split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  /// What carries the account's name, and how. The rest is the same for every account: the user, the
  /// group, the programs.
  private static let names: [(plain: String, template: String)] = [
    ("/etc/mexc-signald/config.json5", "/etc/mexc-signald/%i.json5"),
    ("SyslogIdentifier=mexc-signald", "SyslogIdentifier=mexc-signald-%i"),
    ("Directory=mexc-signald", "Directory=mexc-signald-%i"),
    (":mexc-signald.api_", ":mexc-signald-%i.api_"),
    ("/var/lib/mexc-signald", "/var/lib/mexc-signald-%i"),
    ("/var/spool/mexc-signald", "/var/spool/mexc-signald-%i"),
    ("/run/mexc-signald", "/run/mexc-signald-%i"),
    ("RequiredBy=mexc-signald.service", "RequiredBy=mexc-signald@%i.service"),
    ("After=mexc-signald.service", "After=mexc-signald@%i.service"),
    ("SyslogIdentifier=mexc-console", "SyslogIdentifier=mexc-console-%i"),
  ]

  @Test(arguments: [
    "mexc-signald.service", "mexc-signald.socket", "mexc-signald-backup.service",
    "mexc-signald-backup.timer", "mexc-console.service",
  ])
  func `a template is the plain unit under the account's name`(_ unit: String) throws {
    let expected = try Self.settings("systemd/\(unit)").map { line in
      let named = Self.names.reduce(line) { line, name in
        line.replacingOccurrences(of: name.plain, with: name.template)
      }
      return line.hasPrefix("Description=") ? named + " (account %i)" : named
    }
    #expect(expected.count > 5)
    let template = unit.replacingOccurrences(of: ".", with: "@.")
    #expect(try Self.settings("systemd/\(template)") == expected)
  }

  @Test func `the socket unit listens where the configuration says`() throws {
    let unit = try Self.settings("systemd/mexc-signald.socket")
    let sample = try Self.text("etc/mexc-signald.json5")
    let path = try #require(unit.first { $0.hasPrefix("ListenStream=") }?.dropFirst(13))
    let mode = try #require(unit.first { $0.hasPrefix("SocketMode=") }?.dropFirst(11))
    #expect(sample.contains("socket: \"\(path)\","))
    #expect(sample.contains("socket_mode: \"\(mode)\","))
  }

  @Test func `the backup is of the configuration that the service runs with`() throws {
    let service = try Self.settings("systemd/mexc-signald.service")
    let backup = try Self.settings("systemd/mexc-signald-backup.service")
    let start = try #require(service.first { $0.hasPrefix("ExecStart=") })
    let option = try #require(start.split(separator: " ", maxSplits: 1).last)
    let command = try #require(backup.first { $0.hasPrefix("ExecStart=") })
    #expect(command.contains(" \(option) backup --keep "))
    for setting in ["User=mexc-signald", "Group=mexc-signald", "StateDirectory=mexc-signald"] {
      #expect(service.contains(setting) && backup.contains(setting))
    }
  }

  @Test func `the spool is made alike at boot and at a start`() throws {
    let atBoot = try Self.settings("systemd/mexc-signald.tmpfiles.conf")
      .map { $0.split(separator: " ").map(String.init) }
    let spool = try #require(atBoot.first)
    #expect(spool == ["d", "/var/spool/mexc-signald", "0750", "mexc-signald", "mexc-signald", "-"])
    let atStart = "-d -m \(spool[2]) -o \(spool[3]) -g \(spool[4]) \(spool[1])"
    #expect(
      try Self.settings("systemd/mexc-signald.service")
        .contains("ExecStartPre=+/usr/bin/install \(atStart)"))
  }
}
