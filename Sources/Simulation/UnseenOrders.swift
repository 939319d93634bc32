/// Orders whose only record of leaving went with a power cut, and which no view of the exchange showed for
/// longer than the settle time, which is its promise: no start can know of them.
struct UnseenOrders {
  /// By the client order ID: those that ended as not placed. Their record stays wrong.
  var ended: Set<String> = []
  /// By the exchange's: those whose signal lived on, and was sent once more.
  var sentAgain: Set<String> = []
}
