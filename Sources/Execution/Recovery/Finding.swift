import Domain

/// What one view of the exchange says of an order that is searched for.
enum Finding {
  case found(OrderReport)
  case foundTrade(orderID: String)
  case several([String])
  /// A well-formed "not here".
  case no
  /// `nil` when that is none of the order's business.
  case nothingProved(LookFailure?)

  init(of order: Order, in view: Search.View, _ answer: ExchangeAnswer) {
    switch view {
    case .byClientOrderID: self.init(answer.orderReading)
    case .openOrders, .recentOrders: self.init(of: order, answer.ordersReading)
    case .trades: self.init(of: order, answer.tradesReading)
    }
  }

  private init(_ answer: Result<OrderLook, ExchangeFailure>) {
    switch answer {
    case .success(.found(let report)): self = .found(report)
    case .success(.missing): self = .no
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  private init(of order: Order, _ answer: Result<ReportList<OrderReport>, ExchangeFailure>) {
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
        self = Self.absence(of: order, list.unreadable)
      }
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  private init(of order: Order, _ answer: Result<ReportList<TradeReport>, ExchangeFailure>) {
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
        self = Self.absence(of: order, list.unreadable)
      }
    case .failure(let failure): self = .nothingProved(LookFailure(failure))
    }
  }

  /// A row that cannot be read and may be the order's is no "no".
  private static func absence(of order: Order, _ unreadable: [UnreadableRow]) -> Finding {
    let name = order.request.clientOrderID
    guard let row = unreadable.first(where: { $0.mayBe(name, order.orderID) }) else { return .no }
    return .nothingProved(.row(row))
  }

  var isNo: Bool { if case .no = self { true } else { false } }

  var isFailure: Bool { if case .nothingProved = self { true } else { false } }

  /// Whether it says where the order stands, or that it is not here. That one view does not have it is
  /// nothing where another one shows what cannot be.
  func tells(of life: OrderLife) -> Bool {
    switch self {
    case .found(let report): life.order.conflict(with: report) == nil
    case .foundTrade, .no: life.looks.last?.isLasting != true
    case .several, .nothingProved: false
    }
  }

  var text: String {
    switch self {
    case .found(let report): "found as \(report.orderID), \(report.status.text)"
    case .foundTrade(let orderID): "found a fill of \(orderID)"
    case .several(let orderIDs): "found \(orderIDs.count) orders"
    case .no: "not there"
    case .nothingProved(let failure): "no answer: \(failure?.reason ?? "told to wait")"
    }
  }
}
