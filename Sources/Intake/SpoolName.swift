/// The names that the spool gives and those that it leaves alone.
package enum SpoolName {
  /// NAME_MAX of Linux, in bytes.
  package static let maximumBytes = 255
  /// A hyphen and sixteen digits: what tells two shortened names apart.
  private static let markBytes = 17
  /// What a name has in common with all that is made from it, also where it was cut.
  static let commonBytes = 200

  /// The names of files that a program has in the making, or keeps beside a file: left alone until
  /// they are renamed. `*` stands for anything, `?` for one letter, digit or underscore, `[0-9]+` for digits
  /// and `[^.]+` for anything without a dot, one character at least. What is behind a `*` is compared
  /// without case.
  ///
  /// Only what is surely no finished signal stands here: whoever names a signal so hears nothing of
  /// it. A random ending without a word in it (`a.json.Xy12Ab`) may be anybody's name.
  package static let temporaryPatterns = [
    // Hidden: rsync, lftp, Syncthing, ProFTPD, editors, and whoever writes and renames.
    ".*",
    // Backups of editors; `#…#` is what Emacs saves by itself, `~$…` marks an open office file.
    "*~", "#*#", "~$*", "*.bak",
    "*.tmp", "*.temp", "*.swp", "*.swo", "*.swx", "*.lock", "*.lck",
    // Scripts, with the number of their process or something random.
    "*.tmp[^.]+", "*.tmp.[0-9]+",
    // Uploads and copies: WinSCP, rclone, Nextcloud, MinIO, Spring, Camel, Hadoop, gsutil.
    "*.part", "*.partial", "*.filepart", "*.part.minio", "*.upload",
    "*.uploading", "*.inprogress", "*.incomplete", "*.unfinished", "*.writing", "*.camelLock",
    "*._COPYING_", "*_.gstmp",
    // Downloads: browsers, aria2, yt-dlp, Resilio Sync, µTorrent.
    "*.crdownload", "*.download", "*.opdownload", "*.fdmdownload", "*.aria2", "*.ytdl", "*.!sync",
    "*.!ut",
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
/// digit or underscore. Behind a `*` it may end in a run of one character or more.
private struct NamePattern {
  private enum Run: String, CaseIterable {
    case digits = "[0-9]+"
    case noDots = "[^.]+"

    func takes(_ byte: UInt8) -> Bool {
      switch self {
      case .digits: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      case .noDots: byte != UInt8(ascii: ".")
      }
    }
  }

  private let head: [UInt8]
  /// In small letters; nil when there is no `*`.
  private let tail: [UInt8]?
  private let run: Run?

  init(_ text: String) {
    let parts = text.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
    let run = Run.allCases.first { text.hasSuffix($0.rawValue) }
    head = Array(parts[0].utf8)
    tail =
      parts.count > 1
      ? parts[1].utf8.dropLast(run?.rawValue.utf8.count ?? 0).map(NamePattern.small) : nil
    self.run = run
  }

  func matches(_ name: [UInt8]) -> Bool {
    guard let run else { return matches(name, to: name.count) }
    var end = name.count
    while end > 0, run.takes(name[end - 1]) {
      end -= 1
      if matches(name, to: end) { return true }
    }
    return false
  }

  /// Every name that comes is held against every pattern: no slices, no closures.
  private func matches(_ name: [UInt8], to end: Int) -> Bool {
    let tail = tail ?? []
    guard end >= head.count + tail.count, self.tail != nil || end == head.count
    else { return false }
    for index in head.indices where !Self.fits(name[index], head[index]) { return false }
    let start = end - tail.count
    for index in tail.indices where !Self.fits(Self.small(name[start + index]), tail[index]) {
      return false
    }
    return true
  }

  private static func fits(_ byte: UInt8, _ pattern: UInt8) -> Bool {
    byte == pattern || pattern == UInt8(ascii: "?") && isWord(byte)
  }

  private static func small(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
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
