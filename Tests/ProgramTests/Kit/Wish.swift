import Domain
import JSON

/// A signal in the making. Without a word about it: a limit buy of BTCUSDT at the frozen price of the
/// simulated exchange, which fills at once.
struct Wish {
  var fields: [(String, JSONValue)]

  init(_ id: String, _ changes: KeyValuePairs<String, JSONValue?> = [:]) {
    fields = [
      ("id", .string(id)), ("symbol", "BTCUSDT"), ("side", "buy"), ("quantity", "0.001"),
      ("price", "64000"), ("ttl_seconds", 600),
    ]
    for (name, value) in changes {
      fields.removeAll { $0.0 == name }
      if let value { fields.append((name, value)) }
    }
  }

  var text: String { JSONValue.object(pairs: fields).compactText() }

  /// A limit order that waits in the book.
  static func resting(_ id: String, _ changes: KeyValuePairs<String, JSONValue?> = [:]) -> Wish {
    var wish = Wish(id, changes)
    wish.fields.removeAll { $0.0 == "price" }
    wish.fields.append(("price", "63900"))
    return wish
  }
}

extension Wish {
  func with(_ field: String, _ value: JSONValue) -> Wish {
    var copy = self
    copy.fields.append((field, value))
    return copy
  }
}
