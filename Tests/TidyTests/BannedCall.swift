import Foundation
import Testing

/// Something that is written nowhere, or only where a reason stands.
struct BannedCall: CustomTestStringConvertible, Sendable {
  let name: String
  let pattern: String
  /// Where it counts; everywhere without a word.
  var folders = [""]
  /// Files in which it is right, with the reason.
  var allowed: [String: String] = [:]

  var testDescription: String { name }

  func violations(in file: SourceFile) -> [String] {
    guard file.isIn(folders), allowed[file.path] == nil else { return [] }
    return file.linesMatching(regularExpression(pattern)).map { "\(file.place($0)): \(name)" }
  }

  static let all = [
    BannedCall(name: "try!", pattern: #"\btry!"#),
    BannedCall(name: "as!", pattern: #"\bas!"#),
    BannedCall(name: "a force unwrap", pattern: #"[\w)\]]!(?![=\w])"#),
    BannedCall(name: "an implicitly unwrapped type", pattern: #": *\[?[A-Z]\w*\]?!"#),
    BannedCall(name: "print", pattern: #"(?<![\w.])print\("#),
    BannedCall(
      name: "sleeping instead of waiting for an event",
      pattern: #"\b(?:usleep|nanosleep|sleep)\(|\b(?:Thread|Task)\.sleep"#,
      allowed: [
        "Tests/ProgramTests/Kit/Spool.swift": "between two looks at what another process does",
        "Tests/ProgramTests/FieldReconciliationTests.swift":
          "the daemon is frozen for as long as its looks are apart",
      ]),
    BannedCall(
      name: "a clock of Foundation", pattern: #"\bDate\(|\bCFAbsoluteTime|\bDispatchTime\.now"#,
      allowed: ["Tests/ProgramTests/Kit/ChildProcess.swift": "NSCondition waits until a Date"]),
    BannedCall(
      name: "a queue or a task that nobody waits for",
      pattern: #"\bDispatchQueue\.(?:main|global)\b|\bTask\.detached\b"#),
    BannedCall(
      name: "the machine's clock, where the caller's must do",
      pattern: #"\bClock\.(?:now|wall|monotonic)\b|\b(?:Continuous|Suspending)Clock\b"#,
      folders: [
        "Sources/Domain/", "Sources/Transport/", "Sources/MEXC/", "Sources/Cryptography/",
      ]),
    BannedCall(
      name: "binary floating point for money", pattern: #"\b(?:Double|Float)\b"#,
      folders: [
        "Sources/Domain/", "Sources/MEXC/", "Sources/Intake/", "Sources/Store/", "Sources/Daemon/",
        "Sources/SimulatedExchange/",
      ]),
    BannedCall(
      name: "a pointer outside the file that wraps it",
      pattern: #"\b(?:Unsafe\w*Pointer|OpaquePointer)\b"#,
      folders: ["Sources/"],
      allowed: [
        "Sources/Cryptography/AES256GCM.swift": "wraps libcrypto",
        "Sources/Cryptography/Digest.swift": "wraps libcrypto",
        "Sources/Keystore/CredentialsShape.swift":
          "reads the environment without a copy of a secret",
        "Sources/Platform/Secret.swift": "wipes its memory",
        "Sources/Simulation/SimulatedDisk.swift": "wraps the simulated disk of SQLite",
        "Sources/Store/Database.swift": "wraps libsqlite3",
        "Sources/Platform/SyncedBlocks.swift": "has the memory that the disk is written from",
        "Sources/Transport/ByteStream.swift": "wraps a TLS session",
        "Sources/Transport/TLSContext.swift": "wraps libssl",
        "Sources/Transport/HTTPServer.swift": "reads socket addresses",
        "Sources/Platform/IPAddress.swift": "wraps socket addresses",
        "Sources/Transport/Resolver.swift": "wraps getaddrinfo",
        "Sources/fuzz/Corpus.swift": "keeps inputs over a crash",
        "Sources/fuzz/LibFuzzer.swift": "the fuzzer's entry point",
        "Sources/mexc-bench/ChildProcess.swift": "wraps posix_spawn",
      ]),
  ]
}
