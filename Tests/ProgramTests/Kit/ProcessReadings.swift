import Foundation
import Glibc

/// What proc(5) tells about a process.
struct ProcessReadings {
  let pid: pid_t

  var openDescriptors: Int {
    get throws { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count }
  }

  var residentKibibytes: Int {
    get throws {
      let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
      guard let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }), words.count > 1,
        let number = Int(words[1])
      else { throw Unusable("no VmRSS of \(pid)") }
      return number
    }
  }

  /// Processor time used so far, user and system.
  var processorTime: Duration {
    get throws {
      let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
      // The program's name may hold anything but ends at the last parenthesis; utime and stime are
      // fields 14 and 15.
      guard let name = text.lastIndex(of: ")") else { throw Unusable("no stat of \(pid)") }
      let fields = text[name...].split(separator: " ")
      guard fields.count > 13, let user = Int64(fields[12]), let system = Int64(fields[13]) else {
        throw Unusable("no times of \(pid)")
      }
      return .milliseconds((user + system) * 1_000 / Int64(sysconf(CInt(_SC_CLK_TCK))))
    }
  }
}
