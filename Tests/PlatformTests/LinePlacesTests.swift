import Domain
import Testing

@testable import Platform

/// Who goes when one more client comes, of users that no test machine has.
@Suite struct LinePlacesTests {
  private let now = MonotonicTime(nanoseconds: 1_000_000_000_000)

  private func client(
    _ number: UInt64, user: UInt32 = 1, process: Int32 = 1, _ need: LinePlaces.Need = .nothing,
    idleFor seconds: Int = 0
  ) -> LinePlaces.Client {
    LinePlaces.Client(
      number: number, peer: PeerCredentials(process: process, user: user, group: 1), need: need,
      idleSince: now.advanced(by: .seconds(-seconds)))
  }

  /// A client of whose line something came a second ago.
  private func slow(_ number: UInt64, lineBegan seconds: Int) -> LinePlaces.Client {
    client(
      number, .restOfLine(since: now.advanced(by: .seconds(-seconds))), idleFor: 1)
  }

  private func dispensable(_ clients: LinePlaces.Client...) -> [UInt64] {
    LinePlaces(of: clients).dispensable(at: now)
  }

  @Test func `nobody goes for whoever holds the most`() {
    let clients = [client(1, .answers), client(2, .answers), client(3, user: 2)]
    let places = LinePlaces(of: clients)
    #expect(places.holder == LineServer.Holder(user: 1, process: 1))
    #expect(places.dispensable(at: now) == [])
    #expect(LinePlaces(of: []).dispensable(at: now) == [])
  }

  @Test func `those of the process that holds the most come first, longest idle first`() {
    #expect(
      dispensable(
        client(1, process: 7, idleFor: 9), client(2, process: 8, idleFor: 1),
        client(3, process: 8, idleFor: 2), client(4, user: 2, idleFor: 99)) == [3, 2, 1])
  }

  @Test func `a line that does not end counts after a minute, behind those that are idle`() {
    #expect(
      dispensable(
        slow(1, lineBegan: 62), slow(2, lineBegan: 61), client(3), slow(4, lineBegan: 60),
        client(5, .answers, idleFor: 99)) == [3, 1, 2])
  }
}
