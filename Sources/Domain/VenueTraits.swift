/// What is particular to a venue, in words that no venue owns: all that decisions need to know of it.
package struct VenueTraits: Sendable {
  /// Stable: orders, prices, rules and the database name the venue by it.
  package let name: VenueName
  /// What a request weighs in the venue's limits.
  package var cost: @Sendable (ExchangeRequest) -> RequestCost
  /// Whether the key may be limited to some of the symbols, so that these have to be read.
  package var limitsPairs: Bool
  /// How many account reads a second the venue takes.
  package var accountReadsPerSecond: Int
  /// How many orders and cancels the venue takes in a second; several in one request count as one.
  package var ordersPerSecond: Int
  /// How many orders of a symbol one request may place; 1 where each goes alone.
  package var ordersPerPlacement: Int
  /// How many placements of several orders the venue takes in a second.
  package var batchesPerSecond: Int
  /// A stamp may lie up to this far ahead of the venue's own clock.
  package var stampLead: Duration
  /// How old an order may be to stand in a list of recent orders for sure.
  package var listReach: Duration
  /// From so many due orders of a symbol on, one list costs less than single looks.
  package var worthAList: Int
  /// How long the key of the account's stream is good for before it is extended; `nil` where there is
  /// no such stream.
  package var accountStreamRefresh: Duration?
  /// How long what the venue tells of the key is good for; `nil` where it tells nothing.
  package var keyInformationRefresh: Duration?
  /// How often a connection to the venue needs an answer to be good for an order; `nil` where no order
  /// leaves on one.
  package var keepAlive: Duration?
  /// Fills are made from the prices that are read here, so that a followed order wants one as young
  /// as this; `nil` where the venue fills by itself.
  package var fillPriceAge: Duration?

  package init(
    name: VenueName, cost: @escaping @Sendable (ExchangeRequest) -> RequestCost, limitsPairs: Bool,
    accountReadsPerSecond: Int, ordersPerSecond: Int = .max, ordersPerPlacement: Int = 1,
    batchesPerSecond: Int = 0,
    stampLead: Duration, listReach: Duration, worthAList: Int,
    accountStreamRefresh: Duration? = nil, keyInformationRefresh: Duration? = nil,
    keepAlive: Duration? = nil, fillPriceAge: Duration? = nil
  ) {
    self.name = name
    self.cost = cost
    self.limitsPairs = limitsPairs
    self.accountReadsPerSecond = accountReadsPerSecond
    self.ordersPerSecond = ordersPerSecond
    self.ordersPerPlacement = ordersPerPlacement
    self.batchesPerSecond = batchesPerSecond
    self.stampLead = stampLead
    self.listReach = listReach
    self.worthAList = worthAList
    self.accountStreamRefresh = accountStreamRefresh
    self.keyInformationRefresh = keyInformationRefresh
    self.keepAlive = keepAlive
    self.fillPriceAge = fillPriceAge
  }

  /// The largest error of the venue's clock with which orders are sent: half of the lead, so that no
  /// stamp lies beyond it.
  package var tolerableClockError: Duration { stampLead / 2 }
}
