extension Plant {
  /// The promises that a planted fault may break.
  package static var breakable: Set<Invariant> {
    allCases.reduce(into: []) { $0.formUnion($1.breaks) }
  }

  /// The promises that may break because of it: any other broken one is no catch of this fault.
  package var breaks: Set<Invariant> {
    switch self {
    // With a pushed price the order leaves in the signal's own turn.
    case .sendBeforeCommit, .acknowledgeBeforeCommit: [.acknowledgedIsDurable, .armedBeforeSent]
    case .timeoutIsRefusal: [.oursIsKnown, .truthIsFound]
    case .lookOnce: [.absenceIsProved]
    case .moveBeforeCommit: [.oneDispositionEach]
    case .fileIsFresh: [.fileLifeIsKept]
    case .stampOfSending: [.armedBeforeSent]
    case .backOffInMilliseconds, .backOffForgotten, .backOffNotWritten: [.backOffIsKept]
    case .budgetForgotten: [.weightsWithinPools]
    case .resendAfterNotFound, .hiddenResend: [.noSecondOrder]
    case .retryOnMissing: [.noSecondOrder, .armedBeforeSent]
    case .priceAgeIgnored, .haltForgotten, .crossedBookIsPrice, .lateBookIsFresh, .sendingIgnored,
      .deviationIgnored, .priceMisread, .creationIgnored, .pauseIsNarrow:
      [.nothingSentUnguarded]
    case .syncLies: [.acknowledgedIsDurable, .historyIsState]
    case .armedIsNew: [.historyIsState, .noSecondOrder]
    case .unsyncedIsTrusted, .noteForgotten: [.noSecondOrder, .oursIsKnown]
    case .intakeForgotten: [.acknowledgedIsDurable, .oursIsKnown]
    case .armedIsForgotten: [.nothingInFlightForEver, .oursIsKnown]
    // A back-off is an error, too.
    case .errorIsNo: [.absenceIsProved, .backOffIsKept]
    case .partIsWhole: [.truthIsFound]
    case .findsDropped: [.truthIsFound, .oursIsKnown, .absenceIsProved]
    case .fillsDoubled, .pushedFillsDoubled, .costDoubled: [.fillsCountOnce]
    case .costHalved: [.truthIsFound, .noFillMissed]
    case .dailyLimitIgnored, .orderQuoteIgnored, .openOrdersIgnored, .orderRateIgnored: [.capsHold]
    case .signalNotWritten: [.storeIsUsedWell]
    case .modeIgnored: [.modesStayApart]
    case .failedLooksWait: [.othersTrade]
    // A doubt that is told breaks one-disposition-each more often, and would hide that a fill is missed.
    case .safetyLooksStop: [.noFillMissed]
    case .waitingIsDoubted: [.unsentIsNotGivenUp]
    case .sideSwapped: [.ordersAreAsAsked]
    case .limitMakerUnknown, .clockNotUnderstood, .contentTypeForgotten, .pricesDropped,
      .deviationHalved, .poolsQuartered, .dailyLimitQuartered, .orderQuoteQuartered,
      .openOrdersQuartered, .orderRateQuartered:
      [.goodSignalsTrade]
    case .haltNotWritten, .cancelIsSaidOnly: [.commandsAreDone]
    }
  }
}
