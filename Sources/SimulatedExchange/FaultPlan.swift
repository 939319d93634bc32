package import JSON
package import Matching

/// What goes wrong on purpose, and when.
package struct FaultPlan: Hashable, Sendable {
  /// One misfortune. "Processed" means that the request had its full effect at the exchange.
  package enum Fault: Hashable, Sendable {
    /// Never processed; the connection is closed, or reset, without a word.
    case lostBefore(reset: Bool)
    /// Processed; the connection is closed, or reset, without a word.
    case lostAfter(reset: Bool)
    /// Answered after the delay; processed at its end, or at once.
    case late(Duration, processedAfter: Bool)
    /// Not processed; this 5xx.
    case errorBefore(status: Int)
    /// Processed; this 5xx.
    case errorAfter(status: Int)
    /// Processed; the connection is closed after so many bytes of the answer.
    case truncated(atByte: Int)
    /// Processed; bytes that are no HTTP.
    case garbage
    /// Not processed; the 403 page of a firewall.
    case forbidden
    /// Processed; 200 with an empty body.
    case empty
    /// Processed; another answer right behind the right one.
    case extra
    /// Processed; the answer comes a few bytes at a time.
    case trickle(piece: Int, every: Duration)
    /// Processed and answered, but an order made by it is invisible to look-ups for so long; `nil` is
    /// for ever. The only fault that goes together with another one.
    case hidden(Duration?)
    /// Processed; the answer speaks of another order.
    case wrongEcho
    /// Not processed; sent elsewhere.
    case redirect(location: String)
    /// Not processed; this answer, to the byte.
    case answer(ScriptedAnswer)
    /// Processed; the row is added to the end of the array that answers it.
    case appendRow(JSONValue)
    /// Processed; members of the answer are set or taken away.
    case patch(Patch)
  }

  /// An answer that the plan writes itself.
  package struct ScriptedAnswer: Hashable, Sendable {
    package var status: Int
    package var body: String
    package var contentType: String
  }

  package enum Trigger: Hashable, Sendable {
    case always
    /// By the seed, so many times in a million.
    case probability(millionths: Int)
    /// Only the n-th request of the route, counted from 1 and from the moment the plan is in force.
    case nth(Int)
    /// The first so many requests.
    case next(Int)

    /// Whether it does for the request, or the like, that is number `seen`.
    func applies(to seen: Int, by fate: inout SplitMix64) -> Bool {
      switch self {
      case .always: true
      case .probability(let millionths): fate.chance(millionths, in: 1_000_000)
      case .nth(let number): seen == number
      case .next(let count): seen <= count
      }
    }
  }

  package struct Rule: Hashable, Sendable {
    /// `nil` is every route.
    package let route: Route?
    /// Only requests that name this symbol, alone or among others; `nil` is all of them.
    package let symbol: String?
    package let fault: Fault
    package let trigger: Trigger
    /// Requests of the route, and about the symbol, so far.
    fileprivate var seen = 0

    package init(route: Route?, symbol: String? = nil, fault: Fault, trigger: Trigger = .always) {
      self.route = route
      self.symbol = symbol
      self.fault = fault
      self.trigger = trigger
    }

    fileprivate func concerns(_ route: Route, _ symbols: [String]) -> Bool {
      (self.route ?? route) == route && (symbol.map { symbols.contains($0) } ?? true)
    }
  }

  /// What happens to one request: at most one fault of the answer, and perhaps a hidden order.
  package struct Draw: Hashable, Sendable {
    package var fault: Fault?
    /// Set when an order made by the request is hidden.
    package var hiding: Hiding?
  }

  package enum Hiding: Hashable, Sendable {
    case forDuration(Duration)
    case forEver
  }

  private var rules: [Rule]
  /// What goes wrong with the streams.
  let streams: StreamFaults

  package init(_ rules: [Rule] = [], streams: StreamFaults = StreamFaults()) {
    self.rules = rules
    self.streams = streams
  }

  /// Counts the request and takes the first rule of each kind that applies. `symbols` are those that
  /// the request names.
  package mutating func draw(
    for route: Route, about symbols: [String] = [], by fate: inout SplitMix64
  ) -> Draw {
    var draw = Draw()
    for index in rules.indices where rules[index].concerns(route, symbols) {
      rules[index].seen += 1
      guard rules[index].trigger.applies(to: rules[index].seen, by: &fate) else { continue }
      if case .hidden(let duration) = rules[index].fault {
        draw.hiding = draw.hiding ?? duration.map { .forDuration($0) } ?? .forEver
      } else {
        draw.fault = draw.fault ?? rules[index].fault
      }
    }
    return draw
  }
}
