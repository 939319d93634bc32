import JSON

/// A reader of bytes that strangers write, with what must hold whatever they write: it ends, it stops
/// at no trap, what it takes survives being written and read again, and what it says of the rest is
/// one bounded line.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// One signal.
  case signal
  /// JSON, strict and JSON5, apart from any meaning.
  case json
  /// HTTP answers: head, lengths and chunks.
  case http
  /// HTTP requests, and requests of ours that repeat what was read.
  case request
  /// Frames of a WebSocket, as either side reads them, and frames of ours that repeat what was read.
  case websocket
  /// The exchange's answers, one request kind and status at a time.
  case exchange
  /// Frames of the exchange's streams.
  case protobuf
  /// RFC 3339, HTTP dates and Retry-After.
  case time
  /// Exact decimals and their arithmetic.
  case decimal
  /// The configuration file.
  case configuration
  /// Requests and answers on the control socket.
  case control
  /// Lines of a socket.
  case lines
  /// Log lines and names of files.
  case text

  /// Runs the input through the reader; throws when something does not hold.
  package func check(_ input: [UInt8]) throws(Broken) {
    switch self {
    case .signal: try SignalCheck.check(input)
    case .json: try JSONCheck.check(input)
    case .http: try ResponseCheck.check(input)
    case .request: try RequestCheck.check(input)
    case .websocket: try WebSocketCheck.check(input)
    case .exchange: try ExchangeCheck.check(input)
    case .protobuf: try ProtobufCheck.check(input)
    case .time: try TimeCheck.check(input)
    case .decimal: try DecimalCheck.check(input)
    case .configuration: try ConfigurationCheck.check(input)
    case .control: try ControlCheck.check(input)
    case .lines: try LineCheck.check(input)
    case .text: try TextCheck.check(input)
    }
  }
}
