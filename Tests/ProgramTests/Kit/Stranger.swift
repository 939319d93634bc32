import Foundation
import Glibc
import TestKit

/// A user whom the permission bits of a file count for. Only root can become another one; everybody
/// else is held to the bits of the owner.
enum Stranger {
  /// nobody and nogroup of Debian; where they have no names, they are nobody's all the same.
  private static let number = "65534"

  static func run(_ command: [String]) throws -> ChildProcess {
    let asNobody =
      geteuid() == 0
      ? ["/usr/bin/setpriv", "--reuid", number, "--regid", number, "--clear-groups"] : []
    let whole = asNobody + command
    return try ChildProcess(whole[0], Array(whole.dropFirst()))
  }
}

/// A program whose standard error is what systemd says is the journal's (systemd.exec(5),
/// JOURNAL_STREAM).
enum JournalRun {
  /// The lines that it wrote.
  static func run(_ command: [String]) throws -> [String] {
    let scratch = try Scratch()
    let file = scratch("journal")
    // The shell opens the file, so that its device and inode are known before the program starts.
    let script =
      "exec 2>\"$0\"; JOURNAL_STREAM=$(stat -L -c %d:%i \"$0\"); export JOURNAL_STREAM; exec \"$@\""
    let process = try ChildProcess(
      "/bin/sh", ["-c", script, file] + command, environment: ["PATH": "/usr/bin:/bin"])
    try process.waitForEnd()
    let text = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8)
    return text.split(separator: "\n").map(String.init)
  }
}
