import Domain
import Execution
import Transport

/// Faults put into the program on purpose, at its edges and nowhere else, to see that the simulator
/// notices. The raw values are how `--plant` calls them.
package enum Plant: String, CaseIterable, Hashable, Sendable {
  /// Orders leave and answers go out before their turn is committed.
  case sendBeforeCommit = "send-before-commit"
  /// A turn that only takes a signal is committed with the next one.
  case acknowledgeBeforeCommit = "acknowledge-before-commit"
  /// A time-out counts as a refusal.
  case timeoutIsRefusal = "timeout-is-refusal"
  /// "Not there" right after a placement ends the search.
  case lookOnce = "look-once"
  /// A placement without an answer goes again once a look-up does not find it.
  case resendAfterNotFound = "resend-after-not-found"
  /// The file is moved out of the mailbox before the commit.
  case moveBeforeCommit = "move-before-commit"
  /// A file that waited arrives when it is read.
  case fileIsFresh = "file-is-fresh"
  /// The stamp on the wire is that of the sending, not the committed one.
  case stampOfSending = "stamp-of-sending"
  /// Seconds of a demanded back-off are taken for milliseconds.
  case backOffInMilliseconds = "back-off-in-milliseconds"
  /// A back-off is forgotten by a restart.
  case backOffForgotten = "back-off-forgotten"
  /// What earlier runs used of the exchange's pools is forgotten by a restart.
  case budgetForgotten = "budget-forgotten"
  /// The transport sends a request again by itself when its connection dies.
  case hiddenResend = "hidden-resend"
  /// A look-up that finds nothing makes the transport send the order again.
  case retryOnMissing = "retry-on-missing"
  /// A price of any age will do.
  case priceAgeIgnored = "price-age-ignored"
  /// Trading is no longer halted after a restart.
  case haltForgotten = "halt-forgotten"
  /// The disk says that it has synced, and has not.
  case syncLies = "sync-lies"
  /// An order that was armed when the run ended counts as not sent.
  case armedIsNew = "armed-is-new"
  /// An order that was armed when the run ended is forgotten.
  case armedIsForgotten = "armed-is-forgotten"
  /// After a power cut, too, an order that is not on record as armed counts as not sent.
  case unsyncedIsTrusted = "unsynced-is-trusted"
  /// Signals that the disk has and the database has lost are not read again.
  case intakeForgotten = "intake-forgotten"
  /// A note of an arming that the database does not have yet is lost with the process.
  case noteForgotten = "note-forgotten"
  /// An error in answer to a look-up counts as "not there".
  case errorIsNo = "error-is-no"
  /// A partial fill counts as the whole.
  case partIsWhole = "part-is-whole"
  /// Whatever a look-up by name finds is dropped.
  case findsDropped = "finds-dropped"
  /// What a report says is executed counts twice.
  case fillsDoubled = "fills-doubled"
  /// What a report says was paid for what is executed counts twice.
  case costDoubled = "cost-doubled"
  /// Half of what a report says was paid for what is executed counts.
  case costHalved = "cost-halved"
  /// The limit of a day does not count.
  case dailyLimitIgnored = "daily-limit-ignored"
  /// What one order may be worth does not count.
  case orderQuoteIgnored = "order-quote-ignored"
  /// How many orders may be open does not count.
  case openOrdersIgnored = "open-orders-ignored"
  /// How many orders a minute may have does not count.
  case orderRateIgnored = "order-rate-ignored"
  /// How far a price is from what the signal was made for does not count.
  case deviationIgnored = "deviation-ignored"
  /// The price of a look-up is not the one that the exchange told.
  case priceMisread = "price-misread"
  /// When a signal was made is not looked at.
  case creationIgnored = "creation-ignored"
  /// An order that is not found pauses its own symbol alone, where it should pause all.
  case pauseIsNarrow = "pause-is-narrow"
  /// A signal is not written down with its order.
  case signalNotWritten = "signal-not-written"
  /// A back-off is not written down.
  case backOffNotWritten = "back-off-not-written"
  /// A halt is not written down.
  case haltNotWritten = "halt-not-written"
  /// An order's cancel is said to be done, and nothing is done.
  case cancelIsSaidOnly = "cancel-is-said-only"
  /// A run takes any database, whatever mode it belongs to.
  case modeIgnored = "mode-ignored"
  /// A look that fails counts as one that was not answered yet.
  case failedLooksWait = "failed-looks-wait"
  /// A book whose best bid is above its best ask is taken for a price.
  case crossedBookIsPrice = "crossed-book-is-price"
  /// A book that was held up on its way counts as one of its arrival.
  case lateBookIsFresh = "late-book-is-fresh"
  /// When the exchange sent a book is not looked at.
  case sendingIgnored = "sending-ignored"
  /// What a pushed report says is executed counts twice.
  case pushedFillsDoubled = "pushed-fills-doubled"
  /// While the account's stream is up, no order is looked up.
  case safetyLooksStop = "safety-looks-stop"
  /// An order that waits to be sent, or to be sent once more, counts after a restart as one that may have
  /// left.
  case waitingIsDoubted = "waiting-is-doubted"
  /// No symbol is taken to have the type limit-maker.
  case limitMakerUnknown = "limit-maker-unknown"
  /// An order leaves as a sell where a buy was asked for, and as a buy where a sell was.
  case sideSwapped = "side-swapped"
  /// The exchange's clock is never understood, so that trading never opens.
  case clockNotUnderstood = "clock-not-understood"
  /// Orders leave without a content type, and the exchange refuses them.
  case contentTypeForgotten = "content-type-forgotten"
  /// Look-ups tell no price.
  case pricesDropped = "prices-dropped"
  /// Half as far from what a signal was made for is too far.
  case deviationHalved = "deviation-halved"
  /// A quarter of the exchange's orders a second is used.
  case poolsQuartered = "pools-quartered"
  /// A quarter of the limit of a day is the limit.
  case dailyLimitQuartered = "daily-limit-quartered"
  /// A quarter of what one order may be worth is the limit.
  case orderQuoteQuartered = "order-quote-quartered"
  /// A quarter as many orders may be open.
  case openOrdersQuartered = "open-orders-quartered"
  /// A quarter as many orders may a minute have.
  case orderRateQuartered = "order-rate-quartered"
}

extension Plant {
  func alter(_ configuration: inout EngineConfiguration) {
    if self == .lookOnce {
      // The acceptance deadline and the settle time have always passed already.
      configuration.settleTime = .seconds(-120)
    }
    if self == .priceAgeIgnored { configuration.price.maximumAge = .seconds(600) }
    if self == .dailyLimitIgnored { configuration.risk.maximumDailyQuote = nil }
    if self == .orderQuoteIgnored { configuration.risk.maximumOrderQuote = nil }
    if self == .openOrdersIgnored { configuration.risk.maximumOpenOrders = .max }
    if self == .orderRateIgnored { configuration.risk.maximumOrdersPerMinute = .max }
    if self == .deviationIgnored { configuration.price.maximumDeviation = FixedDecimal(10_000) }
    if self == .deviationHalved { configuration.price.maximumDeviation = FixedDecimal(50) }
    if self == .poolsQuartered { configuration.rateLimits.ordersPerSecond /= 4 }
    if self == .dailyLimitQuartered {
      configuration.risk.maximumDailyQuote = configuration.risk.maximumDailyQuote?.quarter
    }
    if self == .orderQuoteQuartered {
      configuration.risk.maximumOrderQuote = configuration.risk.maximumOrderQuote?.quarter
    }
    if self == .openOrdersQuartered { configuration.risk.maximumOpenOrders /= 4 }
    if self == .orderRateQuartered { configuration.risk.maximumOrdersPerMinute /= 4 }
    if self == .pauseIsNarrow, configuration.risk.pauseOnNotFound == .all {
      configuration.risk.pauseOnNotFound = .symbol
    }
  }

  /// The text of a signal.
  func alter(_ text: String) -> String {
    guard self == .creationIgnored else { return text }
    return text.split(separator: ",").filter { !$0.hasPrefix("\"created_at\"") }
      .joined(separator: ",")
  }

  func alter(_ state: inout StoredState) {
    if self == .backOffForgotten { state.ban = nil }
    if self == .budgetForgotten { state.rateUsage = nil }
    if self == .haltForgotten { state.halt = nil }
    if self == .unsyncedIsTrusted {
      for index in state.live.indices { state.live[index].mayHaveLeft = false }
    }
    if self == .intakeForgotten { state.unrecorded = [] }
    if self == .armedIsForgotten { state.live.removeAll { $0.order.status == .submitted } }
    if self == .armedIsNew {
      for index in state.live.indices where state.live[index].order.status == .submitted {
        try? state.live[index].order.apply(
          .mayRetry("never left"), at: state.live[index].order.updatedAt)
      }
    }
  }

  /// As the store itself tells it.
  func doubt(_ state: inout StoredState) {
    guard self == .waitingIsDoubted else { return }
    for index in state.live.indices where state.live[index].order.status == .new {
      state.live[index].mayHaveLeft = true
    }
  }

  /// What never comes to the store.
  func swallows(_ write: StoreWrite) -> Bool {
    switch (self, write) {
    case (.signalNotWritten, .insertSignal), (.backOffNotWritten, .setBan),
      (.haltNotWritten, .setHalt):
      true
    default: false
    }
  }

  /// What leaves in its place.
  func alter(_ request: ExchangeRequest) -> ExchangeRequest {
    guard self == .sideSwapped, case .place(var orders) = request else { return request }
    for index in orders.indices { orders[index].side = orders[index].side == .buy ? .sell : .buy }
    return .place(orders)
  }

  /// On its way to the exchange.
  func alter(_ request: HTTPRequest) -> HTTPRequest {
    guard self == .contentTypeForgotten, WireCall(request).isPlacement else { return request }
    return HTTPRequest(
      request.method, request.targetBytes,
      headers: request.headers.filter { $0.name != "Content-Type" }, body: request.body)
  }

  func alter(_ price: inout MarketPrice, at now: Moment) {
    if self == .crossedBookIsPrice, let bid = price.bid, let ask = price.ask, bid >= ask {
      (price.bid, price.ask, price.last) = (nil, nil, ask)
    }
    if self == .lateBookIsFresh { price.knownAt = now }
    if self == .sendingIgnored { price.sentAt = nil }
  }

  func alter(_ input: Input) -> Input {
    guard self == .pushedFillsDoubled, case .execution(let report) = input else { return input }
    return .execution(report.withFillTwice)
  }

  func alter(_ answer: ExchangeAnswer, to request: ExchangeRequest) -> ExchangeAnswer {
    switch (self, request, answer) {
    case (.timeoutIsRefusal, .place, .failed(.noAnswer(let text))):
      .failed(
        .refused(
          ExchangeError(
            code: 30_000, text: text, action: .skip, refusesPlacement: true, advice: "")))
    case (.resendAfterNotFound, .place, .failed(.noAnswer(let text))):
      .failed(.throttled(ThrottleNotice(wait: .milliseconds(1), isBan: false, text: text)))
    case (.backOffInMilliseconds, _, .failed(.throttled(let notice))):
      .failed(
        .throttled(
          ThrottleNotice(wait: notice.wait / 1_000, isBan: notice.isBan, text: notice.text)))
    case (.errorIsNo, .order, .failed(.unreadable(let text))),
      (.errorIsNo, .order, .failed(.noAnswer(let text))):
      .orderMissing(
        ExchangeError(code: -2013, text: text, action: .query, refusesPlacement: false, advice: ""))
    case (.findsDropped, .order(_, .clientOrderID), .order(let report)):
      .orderMissing(
        ExchangeError(
          code: -2013, text: report.orderID, action: .query, refusesPlacement: false, advice: ""))
    case (.findsDropped, .openOrders, .orders), (.findsDropped, .recentOrders, .orders):
      .orders([])
    case (.limitMakerUnknown, .instruments, .instruments(let list, let unreadable)):
      .instruments(list.map(\.withoutLimitMaker), unreadable: unreadable)
    case (.clockNotUnderstood, .serverTime, .serverTime): .failed(.unreadable("no time"))
    case (.pricesDropped, .prices, .prices): .prices([])
    case (.priceMisread, .prices, .prices(let list)): .prices(list.map(\.misread))
    case (.findsDropped, .trades, .trades): .trades([])
    case (.errorIsNo, .openOrders, .failed), (.errorIsNo, .recentOrders, .failed): .orders([])
    case (.errorIsNo, .trades, .failed): .trades([])
    case (.failedLooksWait, .order, .failed(.refused(let error))):
      .failed(
        .throttled(ThrottleNotice(wait: .milliseconds(1), isBan: false, text: error.text)))
    case (.failedLooksWait, .order, .failed(.unreadable(let text))):
      .failed(.throttled(ThrottleNotice(wait: .milliseconds(1), isBan: false, text: text)))
    case (.partIsWhole, .order, .order(let report)) where report.status == .partiallyFilled:
      report.asFilled
    case (.fillsDoubled, _, .order(let report)): .order(report.withFillTwice)
    case (.costDoubled, _, .order(let report)): .order(report.withCost(times: FixedDecimal(2)))
    case (.costHalved, _, .order(let report)):
      .order(report.withCost(times: FixedDecimal(units: FixedDecimal(1).units / 2)))
    default: answer
    }
  }
}

extension FixedDecimal {
  fileprivate var quarter: FixedDecimal { FixedDecimal(units: units / 4) }
}

extension Instrument {
  fileprivate var withoutLimitMaker: Instrument {
    var rules = self
    rules.types.remove(.limitMaker)
    return rules
  }
}

extension SymbolPrice {
  fileprivate var misread: SymbolPrice {
    let other = price.multiplied(by: FixedDecimal(units: FixedDecimal(1).units + 1), rounding: .up)
    return SymbolPrice(symbol: symbol, price: other ?? price)
  }
}

extension OrderReport {
  fileprivate var withFillTwice: OrderReport {
    var report = self
    report.executedQuantity =
      executedQuantity.adding(executedQuantity) ?? executedQuantity
    return report
  }

  fileprivate func withCost(times factor: FixedDecimal) -> OrderReport {
    var report = self
    report.executedQuote = executedQuote.multiplied(by: factor, rounding: .up) ?? executedQuote
    return report
  }

  fileprivate var asFilled: ExchangeAnswer {
    var report = self
    report.status = .filled
    return .order(report)
  }
}
