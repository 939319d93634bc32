import JSON

extension ValueRule where Value == String {
  /// sun_path holds 108 bytes, the terminating zero included (unix(7)).
  static var socketPath: Self { path(maximumBytes: 107) }

  /// PATH_MAX is 4,096 bytes, the terminating zero included (path_resolution(7)).
  /// Read in its shortest spelling, so that one place has one text.
  static func path(maximumBytes: Int = 4_095) -> Self {
    let rule = text("an absolute path of at most \(maximumBytes) bytes") { text in
      if !text.hasPrefix("/") { return "is not an absolute path" }
      if text.hasSuffix("/") { return "ends in a slash" }
      if text.utf8.count > maximumBytes { return "is \(text.utf8.count) bytes long" }
      if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
        return "holds a control character"
      }
      return nil
    }
    return ValueRule(expected: rule.expected) { value throws(ValueFault) in
      // `..` may lead elsewhere by a link, and stays.
      "/" + (try rule.read(value)).split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    } write: {
      rule.write($0)
    }
  }

  /// An account's name.
  static var name: Self {
    text("1 to 32 letters, digits, points, dashes or underscores") { text in
      let isName =
        (1...32).contains(text.utf8.count)
        && text.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
          default: false
          }
        }
      return isName ? nil : "is not a name"
    }
  }

  static func url(_ service: ServiceURL) -> Self {
    let rule = text(service.expected, fault: service.fault)
    return ValueRule(expected: rule.expected) { value throws(ValueFault) in
      if let text = value.stringValue, text.contains("@") {
        throw .secret("holds a user or password")
      }
      return try rule.read(value)
    } write: {
      .string($0)
    }
  }

  /// `null`, which reads as an empty text, leaves it to `Exchange.streamURL(besides:)`.
  static var streamURL: Self {
    let rule = url(.stream)
    return ValueRule(expected: rule.expected + ", or null") { value throws(ValueFault) in
      value.isNull ? "" : try rule.read(value)
    } write: {
      rule.write($0)
    }
  }

  /// Text that `fault` finds nothing wrong with.
  private static func text(
    _ expected: String, fault: @escaping (String) -> String?
  ) -> Self {
    ValueRule(expected: expected) { value throws(ValueFault) in
      guard case .string(let text) = value else { throw .kind }
      if let reason = fault(text) { throw .value(reason) }
      return text
    } write: {
      .string($0)
    }
  }
}

extension ValueRule where Value == ListenAddress {
  /// Where something is offered to this machine; `name` and `port` are for an example.
  static func listenAddress(_ name: String, port: Int) -> Self {
    ValueRule(
      expected: "an address of this machine alone and a port, \"127.0.0.1:\(port)\", or "
        + "\"unix:/run/mexc-signald/\(name).sock\""
    ) { value throws(ValueFault) in
      guard case .string(let text) = value else { throw .kind }
      guard let address = ListenAddress(text) else {
        throw .value("is no such address: other machines must not reach it")
      }
      if let path = address.path { _ = try ValueRule<String>.socketPath.read(.string(path)) }
      return address
    } write: {
      .string($0.text)
    }
  }
}
