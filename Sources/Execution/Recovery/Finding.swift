import Domain

/// What one view of the exchange says of an order that is searched for.
enum Finding {
  case found(OrderReport)
  case foundTrade(orderID: String)
  case several([String])
  /// A well-formed "not here".
  case no
  /// It is not in a list that may be cut.
  case cut(LookFailure)
  /// `nil` when that is none of the order's business.
  case nothingProved(LookFailure?)

  init(of order: Order, in view: Search.View, _ answer: ExchangeAnswer) {
    switch view {
    case .byClientOrderID: self.init(answer.orderReading)
    case .openOrders, .recentOrders: self.init(of: order, in: view, answer.ordersReading)
    case .trades: self.init(of: order, in: view, answer.tradesReading)
    }
  }

  private init(_ answer: Result<OrderLook, ExchangeFailure>) {
    switch answer {
    case .success(.found(let report)): self = .found(report)
    case .success(.missing): self = .no
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  private init(
    of order: Order, in view: Search.View,
    _ answer: Result<ReportList<OrderReport>, ExchangeFailure>
  ) {
    switch answer {
    case .success(let list):
      let name = order.request.clientOrderID.text
      var ours: [OrderReport] = []
      for report in list.reports where report.clientOrderID == name {
        if !ours.contains(where: { $0.orderID == report.orderID }) { ours.append(report) }
      }
      if let first = ours.first {
        self = ours.count == 1 ? .found(first) : .several(ours.map(\.orderID))
      } else {
        self = Self.absence(of: order, list, in: view)
      }
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  private init(
    of order: Order, in view: Search.View,
    _ answer: Result<ReportList<TradeReport>, ExchangeFailure>
  ) {
    switch answer {
    case .success(let list):
      let name = order.request.clientOrderID.text
      var ours: [String] = []
      for trade in list.reports where trade.clientOrderID == name && !ours.contains(trade.orderID) {
        ours.append(trade.orderID)
      }
      if let first = ours.first {
        self = ours.count == 1 ? .foundTrade(orderID: first) : .several(ours)
      } else {
        self = Self.absence(of: order, list, in: view)
      }
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  /// A row that cannot be read and may be the order's is no "no", nor is a list that may be cut.
  private static func absence<Report>(
    of order: Order, _ list: ReportList<Report>, in view: Search.View
  ) -> Finding {
    let name = order.request.clientOrderID
    if let row = list.unreadable.first(where: { $0.mayBe(name, order.orderID) }) {
      return .nothingProved(.row(row))
    }
    return list.isCut ? .cut(.cutList(view)) : .no
  }

  var isNo: Bool { if case .no = self { true } else { false } }

  var isFailure: Bool {
    switch self {
    case .cut, .nothingProved: true
    case .found, .foundTrade, .several, .no: false
    }
  }

  var failure: LookFailure? {
    switch self {
    case .cut(let failure): failure
    case .nothingProved(let failure): failure
    case .found, .foundTrade, .several, .no: nil
    }
  }

  /// Whether it says where the order stands, or that it is not here. That one view does not have it is
  /// nothing where another one shows what cannot be.
  func tells(of life: OrderLife) -> Bool {
    switch self {
    case .found(let report): life.order.conflict(with: report) == nil
    case .foundTrade, .no: life.looks.last?.isLasting != true
    case .several, .cut, .nothingProved: false
    }
  }

  var text: String {
    switch self {
    case .found(let report): "found as \(report.orderID), \(report.status.text)"
    case .foundTrade(let orderID): "found a fill of \(orderID)"
    case .several(let orderIDs): "found \(orderIDs.count) orders"
    case .no: "not there"
    case .cut, .nothingProved: "no answer: \(failure?.reason ?? "told to wait")"
    }
  }
}
