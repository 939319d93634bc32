import Foundation
import Glibc
import TestKit

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
}
