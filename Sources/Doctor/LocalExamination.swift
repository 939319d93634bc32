import Configuration
import Domain
import Glibc
import MEXC
import Platform
import Store

/// What this machine alone decides: the places that the configuration names, and the database.
struct LocalExamination {
  private let file: ConfigurationFile
  private let places: PlaceCheck
  private var configuration: Configuration { file.configuration }

  /// With the rights of the user who asks.
  init(_ file: ConfigurationFile) {
    self.file = file
    places = PlaceCheck(file, isStart: false)
  }

  /// What stands in no other stage belongs to the first.
  private static let stages: [(prefix: String, name: Stage.Name)] = [
    ("intake.", .spool), ("store.", .database),
  ]

  private func findings(_ name: Stage.Name) -> Findings {
    func isMine(_ violation: Violation) -> Bool {
      let key = violation.key ?? ""
      let stage = Self.stages.first { key.hasPrefix($0.prefix) }?.name ?? .configuration
      return stage == name
    }
    var findings = Findings()
    for violation in places.violations.filter(isMine) {
      let (what, advice) = StageText.halves(violation.text)
      findings.fail("\(violation.key ?? file.path): \(what)", advice ?? "mend it in \(file.path)")
    }
    for warning in places.warnings.filter(isMine) {
      let (what, advice) = StageText.halves(warning.text)
      findings.warn("\(warning.key ?? file.path): \(what)", advice ?? "mend it in \(file.path)")
    }
    return findings
  }

  /// `runningMode` is that of a running daemon.
  func configurationStage(beside runningMode: String?) -> Stage {
    var findings = findings(.configuration)
    let mode = configuration.mode.rawValue
    if let runningMode, runningMode != mode {
      findings.fail(
        "the running daemon is in mode \(runningMode), the file says \(mode)",
        "restart the daemon, or put the mode in \(file.path) back")
    }
    findings.note("\(file.path), mode \(mode)")
    return findings.stage(.configuration)
  }

  var spoolStage: Stage {
    var findings = findings(.spool)
    findings.note(configuration.intake.directory)
    return findings.stage(.spool)
  }

  // MARK: The database

  /// The stage, and the back-off that the database knows of.
  func database(with credentials: MEXC.Credentials?, at now: Moment) -> (Stage, BanRecord?) {
    let path = configuration.store.path
    var findings = findings(.database)
    var backOff: BanRecord?
    if FileStatus.at(path: path) == nil, errno == ENOENT,
      FileStatus.at(path: path + "-wal")?.size ?? 0 == 0
    {
      findings.note("\(path): there is none yet; the daemon's first start makes it")
    } else {
      do throws(StoreError) {
        let store = try StoreReader(path: path)
        backOff = try store.snapshot { () throws(StoreError) in
          try judgeOwner(of: store, credentials, &findings)
          return try store.loadState(now: now.wall).ban?.remaining(at: now)
        }
        findings.note(path)
      } catch {
        let (what, advice) = StageText.halves(error.description)
        if (try? StoreReader.isNotCurrent(at: path)) == true {
          findings.warn(what, advice ?? "start the daemon once")
        } else {
          findings.fail(what, advice ?? Self.advice(on: error))
        }
      }
    }
    return (findings.stage(.database), backOff)
  }

  private static func advice(on error: StoreError) -> String {
    switch error {
    case .unusablePath:
      "mend that; where only your rights do not reach, ask as root, who looks with the daemon's"
    case .heldByAnotherDaemon, .corrupt, .readOnly, .full, .moved, .ioFailure, .newerSchema,
      .misuse:
      "see the README, \"Backups\""
    }
  }

  private func judgeOwner(
    of store: StoreReader, _ credentials: MEXC.Credentials?, _ findings: inout Findings
  ) throws(StoreError) {
    let ownership = DatabaseOwnership(
      configuration, from: file.path,
      keyDigest: credentials.map { credentials in { credentials.keyDigest(salt: $0) } })
    guard case .refused(let reason) = try ownership.verdict(on: store) else { return }
    let (what, advice) = StageText.halves(reason)
    findings.fail(what, advice ?? "give this mode and account a store.path of their own")
  }
}
