import Domain

extension ErrorTable {
  static let rules = orderRules + keyRules + requestRules + serverRules + foreignRules

  /// About a symbol, a size, a price or an order.
  static let orderRules: [ErrorRule] = [
    ErrorRule(
      -2013, meaning: "The order does not exist.", .query,
      advice: "Nothing: right after a placement the exchange may not show the order yet."),
    ErrorRule(
      -2011, meaning: "Unknown order, or one that is no longer open.", .query,
      advice: "Nothing: the order is read again, because it may just have been filled."),
    ErrorRule(
      -1121, meaning: "Invalid symbol.", .skip,
      refusesPlacement: true, advice: "Check the symbol's spelling and whether MEXC still lists it."
    ),
    ErrorRule(
      26, meaning: "The operation is not allowed.", .skip,
      refusesPlacement: true,
      advice: "MEXC does not allow this on the pair now; trade another one or ask MEXC."),
    ErrorRule(
      10007, meaning: "Bad symbol, or one that is not open to the API.", .skip,
      refusesPlacement: true,
      advice: "The pair is closed to API trading now; before a listing it opens by itself."),
    ErrorRule(
      30014, 30021, meaning: "Invalid symbol.", .fix, refusesPlacement: true,
      advice: "Check the symbol's spelling and whether MEXC still lists it."),
    ErrorRule(
      30000, meaning: "Trading is suspended for the symbol.", .suspended, refusesPlacement: true,
      advice: "Wait until MEXC opens the symbol again."),
    ErrorRule(
      30001, meaning: "This side is not allowed.", .skip,
      refusesPlacement: true, advice: "MEXC does not take this side of the symbol now."),
    ErrorRule(
      30002, meaning: "Below the minimum amount.", .size, refusesPlacement: true,
      advice: "Raise the amount above the minimum that the text names."),
    ErrorRule(
      30003, meaning: "Above the maximum amount.", .size, refusesPlacement: true,
      advice: "Lower the amount below the symbol's maximum."),
    ErrorRule(
      30004, meaning: "Insufficient position.", .size, refusesPlacement: true,
      advice: "Check the free balance: buying also needs a reserve for the fee."),
    ErrorRule(
      30005, meaning: "Oversold: more than is held.", .size, refusesPlacement: true,
      advice: "Check the free balance of the asset that is sold."),
    ErrorRule(
      10101, meaning: "Insufficient balance.", .size, refusesPlacement: true,
      advice: "Check the free balance: buying also needs a reserve for the fee."),
    ErrorRule(
      30010, meaning: "No valid trade price.", .wait,
      refusesPlacement: true, advice: "The symbol has no price now; wait until it trades again."),
    ErrorRule(
      30016, meaning: "Trading is disabled.", .suspended, refusesPlacement: true,
      advice: "Wait until MEXC opens the symbol again."),
    ErrorRule(
      30018, meaning: "Market orders are disabled.", .skip, refusesPlacement: true,
      advice: "Use type ioc with a price on this symbol."),
    ErrorRule(
      30019, meaning: "Market orders over the API are disabled.", .skip, refusesPlacement: true,
      advice: "Use type ioc with a price on this symbol."),
    ErrorRule(
      30051, meaning: "Market orders over the API are disabled.", .skip,
      refusesPlacement: true, advice: "Use type ioc with a price on this symbol."),
    ErrorRule(
      30020, meaning: "No permission for the symbol.", .skip,
      refusesPlacement: true,
      advice: "Ask MEXC which accounts may trade the symbol, or take it off risk.symbols."),
    ErrorRule(
      30025, meaning: "No opposite order.", .wait,
      refusesPlacement: true,
      advice: "The book is empty on the other side; wait, or use a limit order."),
    ErrorRule(
      30026, meaning: "Invalid order ids.", .query,
      advice: "Look the order up on MEXC's website by its client order id."),
    ErrorRule(
      30027, meaning: "Buying is suspended: the position limit is reached.", .skip,
      refusesPlacement: true, advice: "Only selling is possible until the position is smaller."),
    ErrorRule(
      30028, meaning: "Selling is suspended by risk control.", .skip,
      refusesPlacement: true, advice: "Ask MEXC's support if you hold the asset."),
    ErrorRule(
      30029, meaning: "Too many open orders.", .wait, refusesPlacement: true,
      advice: "Cancel orders that are no longer wanted; MEXC allows 500 open ones."),
    ErrorRule(
      30032, meaning: "Above the maximum position.", .size,
      refusesPlacement: true, advice: "Lower the amount, or sell a part of the position first."),
    ErrorRule(
      30041, meaning: "The order type is not allowed now.", .skip, refusesPlacement: true,
      advice: "Use another order type on this symbol."),
    ErrorRule(
      30087, meaning: "The price is outside the allowed range.", .fix,
      refusesPlacement: true, advice: "Bring the price closer to the market."),
    ErrorRule(
      10095, 10096, 10097, 10102,
      meaning: "The amount is missing, too precise, wrong or not above 0.",
      .fix, refusesPlacement: true, advice: "Check the amount against the symbol's rules."),
    ErrorRule(
      10203, meaning: "The order could not be processed.", .query,
      advice: "Nothing: the order is looked up."),
    ErrorRule(
      70011, meaning: "The pair is banned for this API key.", .skip,
      refusesPlacement: true, advice: "Add the pair to the key's list on MEXC's website."),
  ]

  /// About the account, the key and the signature.
  private static let keyRules: [ErrorRule] = [
    ErrorRule(
      401, meaning: "No authority.", .halt,
      refusesPlacement: true,
      advice: "Check the API key's permissions and expiry on MEXC's website."),
    ErrorRule(
      402, meaning: "The API key has expired.", .halt,
      refusesPlacement: true,
      advice: "Renew the key on MEXC's website: without a bound address it lives 90 days."),
    ErrorRule(
      406, meaning: "The address is not allowed.", .halt,
      refusesPlacement: true,
      advice: "Add this machine's address to the key's list on MEXC's website."),
    ErrorRule(
      602, meaning: "The signature could not be verified.", .halt, refusesPlacement: true,
      advice: "Check that key and secret belong together and were copied whole."),
    ErrorRule(
      10001, 10015, meaning: "The user does not exist.", .halt,
      refusesPlacement: true, advice: "Check the account on MEXC's website."),
    ErrorRule(
      10072, meaning: "Invalid access key.", .halt, refusesPlacement: true,
      advice: "Check the API key, and on MEXC's website whether it has expired."),
    ErrorRule(
      10098, meaning: "Stopped by risk control.", .halt,
      advice: "Ask MEXC's support why the account is restricted."),
    ErrorRule(
      10099, 10100, 10103, meaning: "A sub-account or transfer that is not open.", .halt,
      advice: "Use a key of an account that may trade spot."),
    ErrorRule(
      60005, meaning: "The account is abnormal.", .halt,
      refusesPlacement: true, advice: "Ask MEXC's support why the account is restricted."),
    ErrorRule(
      700001, meaning: "The API key has an invalid form.", .halt, refusesPlacement: true,
      advice: "Check that the API key was copied whole."),
    ErrorRule(
      700002, meaning: "The signature is not valid.", .halt, refusesPlacement: true,
      advice: "Check that key and secret belong together and were copied whole."),
    ErrorRule(
      700003, meaning: "The timestamp is outside the receive window.", .clock,
      refusesPlacement: true,
      advice: "Nothing at first; if it stays, check this machine's clock and its network delay."),
    ErrorRule(
      10073, meaning: "Invalid request time.", .clock,
      refusesPlacement: true,
      advice: "Nothing at first; if it stays, check this machine's clock and its network delay."),
    ErrorRule(
      700006, meaning: "The address is not in the key's list.", .halt, refusesPlacement: true,
      advice: "Add this machine's address to the key's list on MEXC's website."),
    ErrorRule(
      700007, meaning: "The key has no permission for the endpoint.", .halt, refusesPlacement: true,
      advice: "Give the key the permissions to read the account and to trade spot, no others."),
    ErrorRule(
      730000, 730003, 730100, meaning: "The user's status does not allow it.", .halt,
      advice: "Ask MEXC's support."),
    ErrorRule(
      140001, 140002, 730101, meaning: "Sub-account or key management failed.", .halt,
      advice: "Check the key and its account on MEXC's website."),
    ErrorRule(
      730708, meaning: "The listen key is not valid.", .fix,
      advice: "Nothing: a new listen key has to be asked for."),
  ]

  /// About the form of a request.
  private static let requestRules: [ErrorRule] = [
    ErrorRule(
      400, meaning: "The API key is missing, or a number has too many decimals.", .fix,
      refusesPlacement: true,
      advice: "Check the amounts against the symbol's rules; report it if they fit."),
    ErrorRule(
      -1128, meaning: "The combination of optional parameters is invalid.", .fix,
      refusesPlacement: true, advice: report),
    ErrorRule(22222, meaning: "The record does not exist.", .fix, advice: report),
    ErrorRule(
      33333, 44444, meaning: "A parameter is wrong or missing.", .fix, refusesPlacement: true,
      advice: report),
    ErrorRule(
      700004, meaning: "A mandatory parameter is missing.", .fix, refusesPlacement: true,
      advice: report),
    ErrorRule(
      700005, meaning: "The receive window must be below 60000.", .fix, refusesPlacement: true,
      advice: "Lower exchange.recv_window_ms."),
    ErrorRule(
      700008, meaning: "A parameter holds characters that are not allowed.", .fix,
      refusesPlacement: true, advice: report),
    ErrorRule(
      700009, 700010, 700012, meaning: "A refusal that MEXC does not document.", .fix,
      advice: report),
    ErrorRule(
      700011, meaning: "This interface is not allowed.", .fix, refusesPlacement: true,
      advice: report),
    ErrorRule(
      700013, meaning: "Invalid content type.", .fix, refusesPlacement: true, advice: report),
    ErrorRule(
      730001, 730002, meaning: "A pair, user or parameter is wrong.", .fix, refusesPlacement: true,
      advice: report),
  ]

  private static let report = "Report this with the signal: the request itself was refused."

  /// About the exchange's own state.
  private static let serverRules: [ErrorRule] = [
    ErrorRule(
      403, meaning: "Access denied by the firewall.", .halt,
      advice: "Check whether MEXC serves this machine's address and country."),
    ErrorRule(
      500, 503, 504, meaning: "An internal error, or a service that is not available.", .query,
      advice: "Nothing: whatever was sent is looked up when the exchange answers again."),
    ErrorRule(
      510, meaning: "Too frequent.", .wait,
      advice: "Lower the values under rate_limits; another program may use the same account."),
    ErrorRule(
      11444, meaning: "The feature is temporarily not available.", .wait,
      advice: "Wait; see MEXC's announcements if it stays."),
    ErrorRule(
      20001, 20002, meaning: "A part of the exchange is not available.", .query,
      advice: "Nothing: whatever was sent is looked up when the exchange answers again."),
  ]

  /// Codes of the exchange whose API this one imitates, in case one slips through; each as the code
  /// that stands for the same here (700003, 700002, 700001, 700006 or 700007, and 30004).
  private static let foreignRules: [ErrorRule] = [
    ErrorRule(
      -1021, meaning: "The timestamp is outside the receive window.", .clock,
      refusesPlacement: true,
      advice: "Nothing at first; if it stays, check this machine's clock and its network delay."),
    ErrorRule(
      -1022, meaning: "The signature is not valid.", .halt, refusesPlacement: true,
      advice: "Check that key and secret belong together and were copied whole."),
    ErrorRule(
      -2014, meaning: "The API key has an invalid form.", .halt, refusesPlacement: true,
      advice: "Check that the API key was copied whole."),
    ErrorRule(
      -2015, meaning: "The key, its address or its permissions do not fit.", .halt,
      refusesPlacement: true,
      advice: "Check the API key, its list of addresses and its permissions on MEXC's website."),
    ErrorRule(
      -2010, meaning: "Insufficient balance.", .size, refusesPlacement: true,
      advice: "Check the free balance: buying also needs a reserve for the fee."),
  ]
}
