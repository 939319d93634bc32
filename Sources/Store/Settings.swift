package import Domain
package import JSON

/// What is kept over a restart besides signals and orders: one JSON object a key.
enum Setting: String {
  case halt, ban, careful
  case rateUsage = "rate_usage"
  /// There while a daemon that stopped in good order does not run again.
  case cleanStop = "clean_stop"
  /// The name that the intake log knows the database by.
  case intake
  /// The rejected orders that are watched for; there while there are any.
  case watched
  /// There for a moment only; writing it shows whether the disk takes writes.
  case probe
}

/// Says that everything was synced when the daemon stopped: no power cut has taken an arming of this
/// boot back.
struct CleanStop {
  /// The history's last row.
  let row: Int64
  /// `nil` where it was not known, and every commit synced.
  let boot: String?

  var json: JSONValue { ["row": .integer(row), "boot": boot.map { .string($0) } ?? .null] }

  init(row: Int64, boot: String?) {
    self.row = row
    self.boot = boot
  }

  init?(_ json: JSONValue) {
    guard let row = json["row"]?.integerValue else { return nil }
    self.init(row: row, boot: json["boot"]?.stringValue)
  }
}

extension HaltRecord {
  var json: JSONValue {
    [
      "reason": .string(reason), "since_ms": .integer(since.milliseconds),
      "scope": .string(scope.rawValue),
    ]
  }

  init?(_ json: JSONValue) {
    guard let reason = json["reason"]?.stringValue, let since = json["since_ms"]?.integerValue
    else { return nil }
    // A halt that names none, or one that this program does not know, keeps everything back.
    let scope = json["scope"]?.stringValue.flatMap(HaltScope.init) ?? .all
    self.init(reason: reason, since: WallTime(milliseconds: since), scope: scope)
  }
}

extension CarefulRecord {
  var json: JSONValue {
    ["reason": .string(reason), "since_ms": .integer(since.milliseconds)]
  }

  init?(_ json: JSONValue) {
    guard let reason = json["reason"]?.stringValue, let since = json["since_ms"]?.integerValue
    else { return nil }
    self.init(reason: reason, since: WallTime(milliseconds: since))
  }
}

extension BanRecord {
  /// The wait in whole milliseconds, rounded up: never shorter than the exchange asked for.
  package var json: JSONValue {
    let whole = wait.wholeMilliseconds
    let rounded = Duration.milliseconds(whole) < wait && whole < .max ? whole + 1 : whole
    return [
      "until_ms": .integer(until.milliseconds), "wait_ms": .integer(rounded),
      "is_ban": .bool(isBan), "reason": .string(reason),
      "monotonic_until_ns": monotonicUntil.map { .integer($0.nanoseconds) } ?? .null,
    ]
  }

  package init?(_ json: JSONValue) {
    guard let until = json["until_ms"]?.integerValue, let wait = json["wait_ms"]?.integerValue,
      let isBan = json["is_ban"]?.boolValue, let reason = json["reason"]?.stringValue
    else { return nil }
    self.init(
      until: WallTime(milliseconds: until), wait: .milliseconds(wait), isBan: isBan,
      reason: reason,
      monotonicUntil: json["monotonic_until_ns"]?.integerValue.map(
        MonotonicTime.init(nanoseconds:)))
  }
}

extension RateUsage {
  fileprivate var json: JSONValue {
    ["ip": .integer(ip), "uid": .integer(uid), "orders": .integer(orders)]
  }

  fileprivate init?(_ json: JSONValue) {
    guard let ip = json["ip"]?.integerValue, let uid = json["uid"]?.integerValue,
      let orders = json["orders"]?.integerValue
    else { return nil }
    self.init(ip: Int(ip), uid: Int(uid), orders: Int(orders))
  }
}

extension PastUsage {
  fileprivate var json: JSONValue {
    ["usage": usage.json, "monotonic_ns": .integer(at.nanoseconds)]
  }

  fileprivate init?(_ json: JSONValue) {
    guard let usage = json["usage"].flatMap({ RateUsage($0) }),
      let at = json["monotonic_ns"]?.integerValue
    else { return nil }
    self.init(usage: usage, at: MonotonicTime(nanoseconds: at))
  }
}

extension RateUsageRecord {
  /// An older program reads all of it, and does not know the parts.
  var json: JSONValue {
    [
      "ip": .integer(usage.ip), "uid": .integer(usage.uid), "orders": .integer(usage.orders),
      "at_ms": .integer(at.wall.milliseconds), "monotonic_ns": .integer(at.monotonic.nanoseconds),
      "own": own.json, "earlier": .array(earlier.map(\.json)),
    ]
  }

  init?(_ json: JSONValue) {
    guard let usage = RateUsage(json), let wall = json["at_ms"]?.integerValue else { return nil }
    // What is written without it is judged by the civil clock alone.
    let monotonic = json["monotonic_ns"]?.integerValue ?? 0
    let at = Moment(
      wall: WallTime(milliseconds: wall), monotonic: MonotonicTime(nanoseconds: monotonic))
    let earlier = json["earlier"]?.arrayValue?.compactMap { PastUsage($0) }
    // Of parts that cannot all be read the sum is less, and less would be counted than was used.
    guard let earlier, let own = json["own"].flatMap({ RateUsage($0) }),
      earlier.map(\.usage).reduce(own, +) == usage
    else {
      self.init(usage: usage, at: at)
      return
    }
    self.init(own: own, earlier: earlier, at: at)
  }
}

/// The rejected orders that are watched for all the same. An older program does not know the list, and to
/// it they are over.
struct WatchedOrders {
  let keys: [OrderKey]

  /// `nil` where there are none.
  var json: JSONValue? {
    if keys.isEmpty { return nil }
    return [
      "orders": .array(
        keys.map { key -> JSONValue in
          ["signal_id": .string(key.signal.text), "leg": .integer(key.leg)]
        })
    ]
  }

  init(_ keys: [OrderKey]) { self.keys = keys }

  init?(_ json: JSONValue) {
    guard let orders = json["orders"]?.arrayValue else { return nil }
    var keys: [OrderKey] = []
    for order in orders {
      guard let id = order["signal_id"]?.stringValue.flatMap({ SignalID($0) }),
        let leg = order["leg"]?.integerValue.flatMap({ Int(exactly: $0) })
      else { return nil }
      keys.append(OrderKey(signal: id, leg: leg))
    }
    self.keys = keys
  }
}
