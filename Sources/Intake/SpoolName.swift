/// The names that the spool gives and those that it leaves alone.
package enum SpoolName {
  /// NAME_MAX of Linux, in bytes.
  package static let maximumBytes = 255
  /// A hyphen and sixteen digits: what tells two shortened names apart.
  private static let markBytes = 17
  /// What a name has in common with all that is made from it, also where it was cut.
  static let commonBytes = 200

  /// The names of files that a program has in the making, or keeps beside a file: left alone until
  /// they are renamed. `*` stands for anything, `?` for one letter, digit or underscore.
  ///
  /// Only what is surely no finished signal stands here: whoever names a signal so hears nothing of
  /// it. A random ending without a word in it (`a.json.Xy12Ab`) may be anybody's name.
  package static let temporaryPatterns = [
    // Hidden: rsync, lftp, Syncthing, ProFTPD, editors, and whoever writes and renames.
    ".*",
    // Backups of editors; `#…#` is what Emacs saves by itself, `~$…` marks an open office file.
    "*~", "#*#", "~$*", "*.bak",
    "*.tmp", "*.temp", "*.swp", "*.swo", "*.swx", "*.lock", "*.lck",
    // Uploads and copies: WinSCP, rclone, Nextcloud, MinIO, Spring, Camel, Hadoop.
    "*.part", "*.partial", "*.filepart", "*.part.minio", "*.upload", "*.uploading", "*.inprogress",
    "*.incomplete", "*.unfinished", "*.writing", "*.camelLock", "*._COPYING_",
    // Downloads: browsers, aria2, yt-dlp, Resilio Sync.
    "*.crdownload", "*.download", "*.opdownload", "*.fdmdownload", "*.aria2", "*.ytdl", "*.!sync",
    // macOS saves under `name.sb-…` first; Python's tempfile and mktemp(1) name files like this.
    "*.sb-????????-??????", "tmp????????", "tmp.??????????",
  ]

  private static let patterns = temporaryPatterns.map(NamePattern.init)

  /// Whether a name is a producer's finished file, by the spool's rules.
  package static func isCandidate(_ name: [UInt8]) -> Bool {
    !patterns.contains { $0.matches(name) }
  }

  /// What the name of a file in `active` has after it when its order is in doubt.
  private static let statusSuffix = ".status.json"

  /// Where it stands in writing that the order of a file in `active` is in doubt.
  package static func status(of name: [UInt8]) -> [UInt8] { fitting(name, suffix: statusSuffix) }

  /// Whether a name could be that of such a report.
  package static func looksLikeStatus(_ name: [UInt8]) -> Bool {
    name.suffix(statusSuffix.utf8.count).elementsEqual(statusSuffix.utf8)
  }

  /// `name`, `name.2`, `name.3`, …
  package static func numbered(_ name: [UInt8], _ number: Int) -> [UInt8] {
    number == 1 ? name : fitting(name, suffix: ".\(number)")
  }

  /// Whether `name` is what a file of another name, or its report, has in `done` or `rejected`: the name,
  /// and behind it a number for each move that found it taken. Of a name that may have been cut, whatever
  /// begins like it.
  static func isMade(_ name: [UInt8], from original: [UInt8]) -> Bool {
    guard name.starts(with: original.prefix(commonBytes)) else { return false }
    if original.count > commonBytes { return true }
    var rest = name[original.count...]
    for outcome in [SpoolOutcome.done, .rejected] {
      let suffix = outcome.reportSuffix.utf8
      if rest.suffix(suffix.count).elementsEqual(suffix) {
        rest = rest.dropLast(suffix.count)
        break
      }
    }
    let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.first?.isEmpty ?? true && parts.dropFirst().allSatisfy(isNumber)
  }

  private static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
    !text.isEmpty && text.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
  }

  /// `name` with the suffix. Where both do not fit, the name is cut and marked with a digest of the
  /// whole, so that long names that begin alike stay apart.
  package static func fitting(_ name: [UInt8], suffix: String) -> [UInt8] {
    let suffix = Array(suffix.utf8)
    if name.count + suffix.count <= maximumBytes { return name + suffix }
    var end = maximumBytes - suffix.count - markBytes
    // A character of UTF-8 has at most three bytes after its first; it is not cut in two.
    for _ in 0..<3 where name[end] & 0xC0 == 0x80 { end -= 1 }
    return name[..<end] + [UInt8(ascii: "-")] + digest(name) + suffix
  }

  /// FNV-1a, 64 bits. Two names with one digest cost a number, not a file: nothing is overwritten.
  private static func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    let digits = String(hash, radix: 16)
    return Array((String(repeating: "0", count: 16 - digits.count) + digits).utf8)
  }
}

/// A name with at most one `*`, which stands for anything, and any number of `?`, each for one letter,
/// digit or underscore.
private struct NamePattern {
  private let head: [UInt8]
  /// nil when there is no `*`.
  private let tail: [UInt8]?

  init(_ text: String) {
    let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    head = Array(parts[0].utf8)
    tail = parts.count > 1 ? Array(parts[1].utf8) : nil
  }

  func matches(_ name: [UInt8]) -> Bool {
    let tail = tail ?? []
    guard name.count >= head.count + tail.count, self.tail != nil || name.count == head.count
    else { return false }
    return Self.match(name, from: 0, head) && Self.match(name, from: name.count - tail.count, tail)
  }

  /// Every name that comes is held against every pattern: no slices, no closures.
  private static func match(_ name: [UInt8], from start: Int, _ pattern: [UInt8]) -> Bool {
    for index in pattern.indices {
      let byte = name[start + index]
      guard byte == pattern[index] || pattern[index] == UInt8(ascii: "?") && isWord(byte)
      else { return false }
    }
    return true
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
