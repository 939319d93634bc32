import Domain
import Execution
import Testing

/// From when a signal's life counts.
@Suite struct AgeTests {
  private func expiry(
    _ signal: Signal, waited: Duration, _ configuration: EngineConfiguration = makeConfiguration()
  ) -> (answer: SignalAnswer?, life: Duration?) {
    let harness = EngineHarness.open(configuration)
    let answer = harness.submit(
      signal, arrivedAt: harness.now.wall.advanced(by: .zero - waited))
    let record = harness.store.signals[signal.id]
    return (answer, record.map { $0.expiresAt.since(harness.now.wall) })
  }

  @Test(arguments: [
    (Duration.zero, Duration.seconds(60)), (.seconds(59), .seconds(1)),
    // A file system's clock may tick a little ahead; ours may have been set back since.
    (.milliseconds(-4), .seconds(60)), (.seconds(-86_400), .seconds(60)),
  ])
  func `without created at it counts from the arrival`(_ waited: Duration, _ life: Duration) {
    #expect(expiry(limit("a"), waited: waited).life == life)
    let stated = limit("b") { $0.expiry = .timeToLive(.seconds(60)) }
    #expect(expiry(stated, waited: waited).life == life)
  }

  @Test func `what waited for longer than its life is expired`() {
    let (answer, _) = expiry(limit("a"), waited: .seconds(61))
    #expect(answer?.code == .expired)
    #expect(answer?.message == "it expired 1000 ms before it could be judged")
  }

  @Test(arguments: [
    (Duration.zero, "10 s"), (.seconds(5), "5 s"), (.seconds(-86_400), "10 s"),
  ])
  func `what was over when it arrived says so`(_ waited: Duration, _ age: String) {
    let end = WallTime(milliseconds: 1_700_000_000_000 - 10_000)
    let (answer, _) = expiry(limit("a") { $0.expiry = .at(end) }, waited: waited)
    #expect(answer?.code == .expired)
    #expect(answer?.message == "it expired \(age) before it arrived")
  }

  @Test func `created at and expires at count instead`() {
    let created = limit("a") {
      $0.createdAt = WallTime(milliseconds: 1_700_000_000_000 - 10_000)
    }
    #expect(expiry(created, waited: .seconds(3_600)).life == .seconds(50))
    let ending = limit("b") { $0.expiry = .at(WallTime(milliseconds: 1_700_000_005_000)) }
    #expect(expiry(ending, waited: .seconds(3_600)).life == .seconds(5))
    #expect(expiry(ending, waited: .seconds(-3_600)).life == .seconds(5))
  }

  @Test func `created at can be required`() {
    let harness = EngineHarness.open()
    #expect(harness.submit(limit("old"))?.code == .accepted)
    let strict = makeConfiguration { $0.requiresCreatedAt = true }
    harness.apply(.reconfigure(strict))
    for signal in [limit("a"), limit("a") { $0.expiry = .at(WallTime(milliseconds: .max)) }] {
      let answer = harness.submit(signal)
      #expect(answer?.code == .invalidField)
      #expect(answer?.message.contains("created_at is missing") == true)
    }
    #expect(harness.store.signals[signalID("a")] == nil)
    #expect(harness.submit(limit("old"))?.code == .duplicate)
    let dated = limit("a") { $0.createdAt = WallTime(milliseconds: 1_700_000_000_000) }
    #expect(harness.submit(dated)?.code == .accepted)
  }
}
