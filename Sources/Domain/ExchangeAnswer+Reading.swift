/// An answer as the request that it belongs to reads it: what was asked for, or why it did not come.
/// An answer of another kind than the request's is no answer.
extension ExchangeAnswer {
  package var serverTimeReading: Result<WallTime, ExchangeFailure> {
    if case .serverTime(let time) = self { .success(time) } else { .failure(failure) }
  }

  package var instrumentsReading: Result<InstrumentList, ExchangeFailure> {
    guard case .instruments(let listed, let unreadable) = self else { return .failure(failure) }
    return .success(InstrumentList(listed: listed, unreadable: unreadable))
  }

  package var pricesReading: Result<[SymbolPrice], ExchangeFailure> {
    if case .prices(let prices) = self { .success(prices) } else { .failure(failure) }
  }

  package var tradableSymbolsReading: Result<[Symbol], ExchangeFailure> {
    if case .tradableSymbols(let symbols) = self { .success(symbols) } else { .failure(failure) }
  }

  package var keyInformationReading: Result<KeyInformation, ExchangeFailure> {
    if case .keyInformation(let information) = self {
      .success(information)
    } else {
      .failure(failure)
    }
  }

  package var accountRightsReading: Result<AccountRights, ExchangeFailure> {
    if case .accountRights(let rights) = self { .success(rights) } else { .failure(failure) }
  }

  /// What it says of each of the orders that were placed together. What went wrong with the whole
  /// request went wrong with each of them.
  package func placementReadings(
    of orders: Int
  ) -> [Result<PlacementAnswer, ExchangeFailure>] {
    if case .placed(let outcomes) = self, outcomes.count == orders {
      return outcomes.map { $0.map { .placed(orderID: $0) } }
    }
    return Array(
      repeating: self == .validated ? .success(.validated) : .failure(failure), count: orders)
  }

  package var orderReading: Result<OrderLook, ExchangeFailure> {
    if case .order(let report) = self { return .success(.found(report)) }
    if case .orderMissing(let error) = self { return .success(.missing(error)) }
    return .failure(failure)
  }

  package var ordersReading: Result<ReportList<OrderReport>, ExchangeFailure> {
    guard case .orders(let reports, let unreadable, let isCut) = self else {
      return .failure(failure)
    }
    return .success(ReportList(reports: reports, unreadable: unreadable, isCut: isCut))
  }

  package var tradesReading: Result<ReportList<TradeReport>, ExchangeFailure> {
    guard case .trades(let reports, let unreadable, let isCut) = self else {
      return .failure(failure)
    }
    return .success(ReportList(reports: reports, unreadable: unreadable, isCut: isCut))
  }

  package var cancelReading: Result<CancelAnswer, ExchangeFailure> {
    if self == .cancelTaken { return .success(.taken) }
    if case .orderMissing(let error) = self { return .success(.missing(error)) }
    return .failure(failure)
  }

  package var accountStreamReading: Result<Void, ExchangeFailure> {
    self == .accountStreamReady ? .success(()) : .failure(failure)
  }

  private var failure: ExchangeFailure {
    if case .failed(let failure) = self { return failure }
    if case .orderMissing(let error) = self { return .unreadable("\(error.code) \(error.text)") }
    return .unreadable("an answer of another kind")
  }
}

package struct InstrumentList: Hashable, Sendable {
  package var listed: [Instrument]
  package var unreadable: [UnreadableRules]

  package init(listed: [Instrument], unreadable: [UnreadableRules]) {
    self.listed = listed
    self.unreadable = unreadable
  }
}

package enum PlacementAnswer: Hashable, Sendable {
  /// The exchange has the order under this identifier.
  case placed(orderID: String)
  case validated
}

package enum OrderLook: Hashable, Sendable {
  case found(OrderReport)
  /// A well-formed "there is no such order".
  case missing(ExchangeError)
}

package struct ReportList<Report: Hashable & Sendable>: Hashable, Sendable {
  package var reports: [Report]
  package var unreadable: [UnreadableRow]
  /// It has as many rows as the venue gives at once: what is not in it may be at the venue all the same.
  package var isCut = false
}

package enum CancelAnswer: Hashable, Sendable {
  /// Only that it was taken: what became of the order is read from the order.
  case taken
  case missing(ExchangeError)
}
