package import Configuration
import Glibc
import Platform
import Transport

/// What this machine has in the places that a configuration names, asked without changing anything.
/// A daemon that starts and `--check-config` ask the same; the check does so perhaps before systemd
/// has made the folders of the service.
package struct PlaceCheck {
  /// What is in the way of a start.
  package private(set) var violations: [Violation] = []
  /// What a start gets along with.
  package private(set) var warnings: [Violation] = []

  private let file: ConfigurationFile
  private let isStart: Bool
  /// The sockets that systemd has made, by their names.
  private let givenSockets: Set<String>
  /// The keys whose places are known, where the text has faults; `nil` for all keys, unwritten ones
  /// included.
  private let soundKeys: Set<String>?
  private var configuration: Configuration { file.configuration }

  package init(
    _ file: ConfigurationFile, isStart: Bool, givenSockets: Set<String> = [],
    soundKeys: Set<String>? = nil
  ) {
    self.file = file
    self.isStart = isStart
    self.givenSockets = givenSockets
    self.soundKeys = soundKeys
    checkAuthorities()
    checkStore()
    checkSpool()
    checkSocket("signal", "intake.socket", configuration.intake.socket)
    checkSocket("control", "control.socket", configuration.control.socket)
    checkMetricsSocket()
    checkPort()
    checkOthers()
    checkCommand()
    checkConflicts()
  }

  private mutating func checkAuthorities() {
    guard let path = configuration.exchange.caFile else { return }
    do throws(TLSContext.Failure) {
      _ = try TLSContext(client: .file(path))
    } catch {
      refuse("exchange.ca_file", "\(error); name a PEM file with certificates, or write null")
    }
  }

  private mutating func checkStore() {
    let path = configuration.store.path
    let folder = Self.folder(of: path)
    switch FolderAccess.of(folder) {
    case .writable:
      checkDatabase(path)
    case .missing:
      // The daemon makes none: a database that begins anew in a folder that was not mounted would
      // know no signal of before.
      missing("store.path", folder, "make it for the daemon's user alone (mode 0700)")
    case .notFolder(let obstacle): refuse("store.path", Self.noFolder(obstacle))
    case .refused(let error): refuse("store.path", folder, error)
    }
  }

  private mutating func checkDatabase(_ path: String) {
    if let status = FileStatus.at(path: path) {
      guard status.kind == .regular else {
        return refuse("store.path", Self.noDatabase(path, status.kind))
      }
      if status.mode & 0o022 != 0 {
        refuse("store.path", "\(path) can be changed by other users; run: chmod 600 \(path)")
      }
    }
    if let refusal = FolderAccess.refusal(ofFile: path) {
      refuse("store.path", path, refusal)
    }
    for suffix in [".lock", ".high-water", ".intake"] {
      checkCompanion("store.path", path + suffix)
    }
  }

  /// A file that the daemon makes beside what it works on.
  private mutating func checkCompanion(_ key: String, _ path: String) {
    guard let kind = FileStatus.at(path: path)?.kind, kind != .regular else { return }
    refuse(
      key, "\(path) is a \(kind.name), and the daemon needs a regular file there; move it away")
  }

  private mutating func checkSpool() {
    let path = configuration.intake.directory
    checkMakeable("intake.directory", path)
    guard case .writable = FolderAccess.of(path) else { return }
    let before = violations.count
    checkCompanion("intake.directory", path + "/.lock")
    for name in ["incoming"] + Self.spoolTargets { checkSpoolFolder("\(path)/\(name)") }
    if violations.count == before { checkSpoolMounts(path) }
  }

  /// Where files move to from `incoming`.
  private static let spoolTargets = ["active", "done", "rejected"]

  /// Files are moved by renaming, which stops at a mount.
  private mutating func checkSpoolMounts(_ path: String) {
    guard let incoming = Self.spoolFolder("incoming", in: path) else { return }
    for name in Self.spoolTargets {
      guard let target = Self.spoolFolder(name, in: path), !incoming.canRename(to: target) else {
        continue
      }
      return refuse(
        "intake.directory",
        "\(path)/incoming and \(path)/\(name) would be on different mounts, and files cannot be moved "
          + "from one to the other; put the whole spool on one mount (a bind mount is another mount, of "
          + "the same file system too)")
    }
  }

  /// One that is missing is made in the spool's own folder.
  private static func spoolFolder(_ name: String, in path: String) -> Directory? {
    (try? Directory(path: "\(path)/\(name)")) ?? (try? Directory(path: path + "/."))
  }

  private mutating func checkSpoolFolder(_ path: String) {
    guard FileStatus.at(path: path)?.kind == .link else {
      return checkMakeable("intake.directory", path)
    }
    refuse(
      "intake.directory",
      "\(path) is a symbolic link, which is not followed; put a folder in its place, or let "
        + "intake.directory as a whole lead elsewhere")
  }

  private mutating func checkSocket(_ name: String, _ key: String, _ path: String) {
    if givenSockets.contains(name) { return }
    if let kind = FileStatus.at(path: path)?.kind {
      if kind != .socket {
        return refuse(key, UnixSocketError.notASocket(path: path, kind).description)
      }
      // One that is there is a running daemon's, or systemd's, which made it with other rights.
      if !isStart { return }
    }
    checkMakeable(key, Self.folder(of: path))
  }

  /// Trading goes on without metrics.
  private mutating func checkMetricsSocket() {
    guard let path = configuration.metrics.listen?.path else { return }
    let before = violations.count
    checkSocket("metrics", "metrics.listen", path)
    warnings += violations[before...]
    violations.removeSubrange(before...)
  }

  /// The daemon and the console are two programs: either starts alone.
  private mutating func checkPort() {
    // Port 0 is any free one, another for each.
    guard case .port(_, let number)? = configuration.metrics.listen, number != 0,
      configuration.metrics.listen == configuration.console.listen
    else { return }
    warn(
      "metrics.listen",
      "the same port as console.listen: of the daemon and the console, the second to start serves "
        + "nothing there; write another port")
  }

  /// A folder that the daemon makes where it is missing, its parents included.
  private mutating func checkMakeable(_ key: String, _ path: String) {
    switch FolderAccess.of(path) {
    case .writable: break
    case .missing(let above):
      if case .refused(let error) = FolderAccess.of(above) {
        missing(key, path, Self.sentence(above, error), mayPass: error.mayPass(at: above))
      }
    case .notFolder(let obstacle): refuse(key, Self.noFolder(obstacle))
    case .refused(let error): refuse(key, path, error)
    }
  }

  /// What everybody on the machine may write to.
  private mutating func checkOthers() {
    let intake = configuration.intake
    if intake.socketMode & 0o002 != 0 {
      warn(
        "intake.socket_mode",
        "every user of this machine may send signals; write \"0660\" for the socket's group alone")
    }
    let incoming = intake.directory + "/incoming"
    if let status = FileStatus.at(path: incoming), status.kind == .directory,
      status.mode & 0o002 != 0
    {
      warn(
        "intake.directory",
        "every user of this machine may drop signals in \(incoming); run: chmod o-w \(incoming)")
    }
    if let status = FileStatus.at(path: file.path), status.kind == .regular,
      status.mode & 0o002 != 0
    {
      warnings.append(
        Violation(
          file: file.path, line: nil, key: nil,
          text: "every user of this machine may change it; run: chmod o-w \(file.path)"))
    }
  }

  /// The daemon starts all the same: a notification that fails is tried again.
  private mutating func checkCommand() {
    guard let program = configuration.notify.command?.first else { return }
    guard unsafe access(program, X_OK) == 0 else {
      let error = SystemError.last("access", program)
      let user = Accounts.user(Accounts.ownUser)
      return warn(
        "notify.command",
        "\(error), for the user \(user); name a program that this user may run (under systemd, "
          + "also in ExecPaths= of the unit)")
    }
    // Of a folder, the right to enter it looks the same.
    var status = stat()
    if unsafe stat(program, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      warn("notify.command", "\(program) is no regular file; name a program")
    }
  }

  /// Paths that differ and lead to one place. Those that are the same as they are written, and a place
  /// that is wrong by itself, are told already.
  private mutating func checkConflicts() {
    let written = configuration.placeConflicts().map(\.keys)
    let wrong = Set(violations.compactMap(\.key))
    for conflict in configuration.placeConflicts(at: Self.target(of:))
    where !written.contains(conflict.keys) && wrong.isDisjoint(with: conflict.keys) {
      if let soundKeys, !soundKeys.isSuperset(of: conflict.keys) { continue }
      violations.append(file.violation(conflict))
    }
  }

  /// Where a path leads by links and `..`; what is not there yet will be as it is written.
  private static func target(of path: String) -> String {
    var target = ""
    for name in path.split(separator: "/") where name != "." {
      if name == ".." {
        target = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
      } else {
        target = withoutLinks("\(target)/\(name)")
      }
    }
    return target
  }

  /// The root is empty, so that every path goes on with a slash.
  private static func withoutLinks(_ path: String) -> String {
    guard let resolved = unsafe realpath(path, nil) else { return path }
    defer { unsafe free(resolved) }
    guard let text = unsafe String(validatingCString: resolved) else { return path }
    return text == "/" ? "" : text
  }

  // MARK: Findings

  private mutating func refuse(_ key: String, _ text: String, mayPass: Bool = false) {
    violations.append(file.violation(key, text: text, mayPass: mayPass))
  }

  private mutating func refuse(_ key: String, _ path: String, _ error: SystemError) {
    refuse(key, Self.sentence(path, error), mayPass: error.mayPass(at: path))
  }

  private mutating func warn(_ key: String, _ text: String) {
    warnings.append(file.violation(key, text: text))
  }

  /// Below these systemd makes a service's folders when it starts (StateDirectory=,
  /// RuntimeDirectory=, tmpfiles.d(5)).
  private static let madeBySystemd = ["/var/lib/", "/var/spool/", "/run/", "/var/run/"]

  private mutating func missing(
    _ key: String, _ folder: String, _ advice: String, mayPass: Bool = false
  ) {
    let text = "\(folder) does not exist; "
    if !isStart, Self.madeBySystemd.contains(where: folder.hasPrefix) {
      warn(key, text + "systemd makes it when it starts the service; without systemd: \(advice)")
    } else {
      refuse(key, text + advice, mayPass: mayPass)
    }
  }

  private static func folder(of path: String) -> String {
    let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
    return folder.isEmpty ? "/" : String(folder)
  }

  private static func noFolder(_ obstacle: String) -> String {
    let isLink = FileStatus.at(path: obstacle)?.kind == .link
    return "\(obstacle) is \(isLink ? "a symbolic link that leads to no folder" : "no folder"); "
      + "move it away, or name another path"
  }

  /// Moved away, a link would leave a database that begins anew and knows no signal of before.
  private static func noDatabase(_ path: String, _ kind: FileStatus.Kind) -> String {
    switch kind {
    case .link: "\(path) is a symbolic link, which is not followed; name the file itself"
    case .regular, .directory, .pipe, .socket, .device:
      "\(path) is a \(kind.name), no regular file; name the path of a file"
    }
  }

  private static func sentence(_ path: String, _ error: SystemError) -> String {
    let reason = unsafe String(cString: strerror(error.number))
    let user = Accounts.user(Accounts.ownUser)
    return "\(path) cannot be written by the user \(user) (\(reason)); "
      + advice(path, error)
  }

  private static func advice(_ path: String, _ error: SystemError) -> String {
    if error.mayPass(at: path) {
      return
        "the kernel's log ('journalctl -k') may say why; let the machine take writes there again"
    }
    // A sandbox mounts everything read-only but what it was told (systemd.exec(5), ProtectSystem=).
    return error.number == EROFS
      ? "make its file system writable; under systemd, name it in ReadWritePaths= of the unit"
      : "give it to the daemon's user"
  }
}
