import Foundation
import Intake
import Testing

/// Which names are left alone.
@Suite struct SpoolNameTests {
  private func isCandidate(_ name: String) -> Bool { SpoolName.isCandidate(Array(name.utf8)) }

  static let temporary = [
    ".a.json", ".a.json.swp", ".a.json.X1y2Z3", ".~lock.a.json#", ".#a.json",
    ".goutputstream-AB12CD",
    ".syncthing.a.json.tmp", ".in.a.json.", "._a.json", ".nfs0000000001", "a.json~", "a.json.~1~",
    "#a.json#", "##", "~$a.json", "a.json.bak", "a.json.tmp", "a.json.temp", "a.json.swp",
    "a.json.lock", "a.json.part", "a.json.ocTransferId1234567.part", "a.json.part.minio",
    "a.json.4a5b6c7d.partial", "a.json.partial", "a.json.filepart", "a.json.upload",
    "a.json.inprogress", "a.json.writing", "a.json.camelLock", "a.json._COPYING_",
    "a.json.crdownload", "Unconfirmed 1234.crdownload", "a.json.download", "a.json.opdownload",
    "a.json.aria2", "a.json.!sync", "a.json.sb-8f3c2a11-Qq4r5T", "tmpab12_d34", "tmp.Ab12Cd34Ef",
    "a.json.tmp.4711", "a.json.tmp4711", "a.json.tmp-1", "a.json.tmpXy12Ab", "a.json.tmp~1",
    "a.json_.gstmp", "a.json.!ut",
    // Endings in other letters.
    "a.json.TMP", "x.TMP", "a.json.PART", "a.json.Partial", "a.json.Bak", "a.json.TMP.4711",
    "a.json.Tmp-1", "a.json.CAMELLOCK", "a.json._copying_", "a.json.!UT", "a.json_.GSTMP",
    "a.json.SB-8f3c2a11-Qq4r5T",
  ]

  @Test(arguments: temporary)
  func `leaves temporary names alone`(_ name: String) { #expect(!isCandidate(name)) }

  @Test(arguments: [
    "a.json", "a", "-rf", "a b.json", "a.json.2", "a.json.result.json", "4913", "TMP", "part",
    "tmp", "tmp.json", "tmpabc.json", "tmpab12_d345", "tmp.Ab12Cd34E", "a.json.Xy12Ab", "#a.json",
    "a.json#", "#", "~a.json", "$a", "a.sb-1", "a.json.sb-8f3c2a11-Qq4r5", "download", "bak",
    "signal.20260131", "a.tmp.json", "a.part1", "a.json.part.1", "ä.json", "語.json", "TMPab12_d34",
    "Tmp.Ab12Cd34Ef",
    "x.tmp1.json", "a.tmp.", "a.tmp.4711.json", "a.tmp.4711x", "a.tmp.x4711", "a.part.x", "a.tm",
    "tmp4711", "tmp.4711", "a.4711", "a_gstmp", "a.gstmp", "part.1", "a.\u{17F}wp",
  ])
  func `takes other names`(_ name: String) { #expect(isCandidate(name)) }

  @Test func `names are bytes`() {
    #expect(SpoolName.isCandidate([0xFF, 0xFE]))
    #expect(!SpoolName.isCandidate([0xFF] + Array(".tmp".utf8)))
    #expect(SpoolName.isCandidate([]))
  }

  /// A report of doubt has a name that no file in `active` can get.
  @Test func `a report of doubt is told from a signal`() {
    let name = SpoolName.status(of: Array("a.json".utf8))
    #expect(name == Array("a.json.status.json".utf8))
    #expect(SpoolName.looksLikeStatus(name))
    #expect(!SpoolName.looksLikeStatus(Array("a.json".utf8)))
    let long = SpoolName.status(of: [UInt8](repeating: 0x61, count: 255))
    #expect(long.count <= 255)
    #expect(SpoolName.looksLikeStatus(long))
  }

  @Test func `the README lists them`() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(
      contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let begin = try #require(text.range(of: "<!-- names that are left alone"))
    let end = try #require(text.range(of: "<!-- end of names -->"))
    let listed = text[begin.upperBound..<end.lowerBound]
      .split(separator: "-->", maxSplits: 1)[1].split(separator: "`")
      .filter { !$0.allSatisfy { " \n·,".contains($0) } }
    #expect(listed.map(String.init) == SpoolName.temporaryPatterns)
  }
}
