import Domain
import MEXC
import Platform
import Testing
import Transport

/// The key pair that MEXC's documentation signs its examples with.
func documentedCredentials() throws -> Credentials {
  try Credentials(
    apiKey: Secret(copying: Array("mx0aBYs33eIilxBWC5".utf8)),
    secret: Secret(copying: Array("45d0b3c26f2644f19bfb98b07741b2f5".utf8)))
}

func symbol(_ text: String) throws -> Symbol {
  try #require(Symbol(exchangeText: text))
}

func clientOrderID(_ text: String) throws -> ClientOrderID {
  try #require(ClientOrderID(text))
}

func orderRequest(
  _ side: Side = .buy, _ type: OrderType = .limit, amount: Signal.Amount? = nil,
  price: String? = "21.4"
) throws -> OrderRequest {
  OrderRequest(
    clientOrderID: try clientOrderID("sg-1"), symbol: try symbol("LINKUSDT"), side: side,
    type: type, amount: try amount ?? .base(FixedDecimal("1.25")),
    price: try price.map { try FixedDecimal($0) })
}

func response(
  _ status: Int, _ body: String, _ headers: HTTPFields = [("Content-Type", "application/json")]
) -> Result<HTTPResponse, TransportError> {
  .success(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
}

let noon = WallTime(milliseconds: 1_790_000_000_000)

/// What one answer to one request means to a client that has seen none before.
func answer(
  to request: ExchangeRequest, _ result: Result<HTTPResponse, TransportError>
) -> ExchangeAnswer {
  var exchange = MEXCSpot(credentials: nil, receiveWindow: .seconds(5))
  return exchange.answer(to: request, result, now: noon)
}
