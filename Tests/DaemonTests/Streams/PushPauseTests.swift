import Daemon
import Domain
import Testing

@Suite struct PushPauseTests {
  private let start = MonotonicTime(nanoseconds: 5_000_000_000)

  private func length(
    _ gathering: Duration, after time: Duration = .zero, _ pause: PushPause = PushPause()
  ) -> Duration {
    pause.length(gathering: gathering, maximumAge: .seconds(2), at: start.advanced(by: time))
  }

  @Test func `pushes lie unread for a fifth of their time at most`() {
    #expect(length(.milliseconds(100)) == .milliseconds(100))
    #expect(length(.milliseconds(800)) == .milliseconds(400))
    #expect(length(.milliseconds(1)) == .milliseconds(1))
    #expect(length(.microseconds(900)) == .zero)
  }

  @Test func `after a signal they are read as they come for ten seconds`() {
    var pause = PushPause()
    pause.signalCame(at: start)
    #expect(length(.milliseconds(100), pause) == .zero)
    #expect(length(.milliseconds(100), after: .milliseconds(9_999), pause) == .zero)
    #expect(length(.milliseconds(100), after: .seconds(10), pause) == .milliseconds(100))
    pause.signalCame(at: start.advanced(by: .seconds(9)))
    #expect(length(.milliseconds(100), after: .seconds(18), pause) == .zero)
  }
}
