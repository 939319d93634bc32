import Domain
import JSON

/// What became of each of several orders that were placed by one request.
///
/// That elements come in the order of the request is seen in practice and documented nowhere, and a
/// refused element need not name its order. So an element is believed where it names its order, and
/// what names none only where it cannot be about any other.
struct BatchAnswer {
  /// In the order of the request.
  let outcomes: [Result<String, ExchangeFailure>]

  private struct Element {
    let name: String?
    let outcome: Result<String, ExchangeFailure>
  }

  /// Throws: when it is no list of as many elements as there were orders, each about one of them.
  init(
    _ body: JSONValue, to requests: [OrderRequest], hiding secrets: KnownSecrets
  ) throws(Undecodable) {
    guard let rows = body.arrayValue else {
      throw Undecodable("it is \(body.kindWithArticle), not an array")
    }
    guard rows.count == requests.count else {
      throw Undecodable("it has \(rows.count) elements for \(requests.count) orders")
    }
    var named: [String: Element] = [:]
    var nameless: [Element] = []
    for row in rows {
      let element = Self.element(row, of: requests[0].symbol, hiding: secrets)
      guard let name = element.name else {
        nameless.append(element)
        continue
      }
      guard requests.contains(where: { $0.clientOrderID.text == name }) else {
        throw Undecodable("an element is about another client order id")
      }
      guard named.updateValue(element, forKey: name) == nil else {
        throw Undecodable("two elements are about one client order id")
      }
    }
    let repeated = Self.repeatedOrderIDs(in: rows)
    outcomes = requests.map { request in
      guard let element = named[request.clientOrderID.text] else {
        return Self.outcome(ofOneAmong: nameless)
      }
      if case .success(let orderID) = element.outcome, repeated.contains(orderID) {
        return .failure(.unreadable("two elements of the answer have one orderId"))
      }
      return element.outcome
    }
  }

  /// One order of the exchange cannot be two of ours, and whose it is cannot be told.
  private static func repeatedOrderIDs(in rows: [JSONValue]) -> Set<String> {
    var seen: Set<String> = []
    return Set(rows.compactMap(\.orderID).filter { !seen.insert($0).inserted })
  }

  /// When every order that no element names was refused, this one was, whichever element is its own. The
  /// refusal says each of the reasons that may be the order's.
  private static func outcome(
    ofOneAmong nameless: [Element]
  ) -> Result<String, ExchangeFailure> {
    if let notice = limit(ofOneAmong: nameless) { return .failure(.throttled(notice)) }
    let refusals = nameless.compactMap { element in
      if case .failure(.refused(let error)) = element.outcome {
        error
      } else {
        nil as ExchangeError?
      }
    }
    let ofAccount = refusals.first { $0.action == .halt }
    guard refusals.count == nameless.count,
      var refusal = ofAccount ?? refusals.first(where: \.refusesPlacement),
      ofAccount != nil || refusals.allSatisfy(\.refusesPlacement)
    else { return .failure(.unreadable("an element of the answer names no order")) }
    refusal.refusesPlacement = refusals.allSatisfy(\.refusesPlacement)
    var others: [ExchangeError] = []
    for other in refusals where other.code != refusal.code && !others.contains(other) {
      others.append(other)
    }
    for other in others { refusal.text += ", or \(other.words)" }
    if !others.isEmpty {
      refusal.text += " (the answer does not say which of its orders had which)"
    }
    return .failure(.refused(refusal))
  }

  /// What may be the refusal of a limit is taken for one: where no order was placed for sure, this one
  /// goes once more.
  private static func limit(ofOneAmong nameless: [Element]) -> ThrottleNotice? {
    var limit: ThrottleNotice?
    var isDefinite = true
    for element in nameless {
      switch element.outcome {
      case .failure(.throttled(let notice)):
        if limit == nil || notice.isBan { limit = notice }
        isDefinite = isDefinite && notice.isDefinite
      case .failure(.refused(let error)): isDefinite = isDefinite && error.refusesPlacement
      case .success, .failure: isDefinite = false
      }
    }
    limit?.isDefinite = isDefinite
    return limit
  }

  private static func element(
    _ row: JSONValue, of symbol: Symbol, hiding secrets: KnownSecrets
  ) -> Element {
    Element(
      name: row.text("newClientOrderId") ?? row.text("clientOrderId"),
      outcome: outcome(row, symbol, hiding: secrets))
  }

  /// A code other than 0 is an error. One that names an order beside it contradicts itself.
  private static func outcome(
    _ row: JSONValue, _ symbol: Symbol, hiding secrets: KnownSecrets
  ) -> Result<String, ExchangeFailure> {
    do throws(Undecodable) {
      if let code = row.scalarText("code"), code != "0" && code != "200" {
        guard let number = Int(code) else { throw Undecodable("a code that is no number") }
        let text = Reply.message(in: row, hiding: secrets) ?? ""
        if let notice = Reply.throttling(number, text, in: row) {
          return .failure(.throttled(notice))
        }
        guard !row.namesOrder else { throw Undecodable("it has code \(number) and an orderId") }
        return .failure(failure(number, text))
      }
      try row.requiredSymbol(symbol)
      return .success(try row.requiredOrderID())
    } catch {
      return .failure(.unreadable("an element of the answer cannot be read: \(error.reason)"))
    }
  }

  private static func failure(_ code: Int, _ text: String) -> ExchangeFailure {
    AnswerReader.isInternalFailure(code)
      ? .unreadable("code \(code): \(text)") : .refused(ErrorTable.error(code: code, text: text))
  }
}
