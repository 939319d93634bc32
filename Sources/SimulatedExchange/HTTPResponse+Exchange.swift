import JSON
import Transport

/// The answers that no route gives, and the form of those that one does.
extension HTTPResponse {
  static func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
    HTTPResponse(
      status: status, headers: [("Content-Type", "application/json;charset=utf-8")],
      body: Array(value.compactText().utf8))
  }

  static func unknownRoute(_ request: WireRequest) -> HTTPResponse {
    let isOtherMethod = Route.knows(path: request.path)
    let status = isOtherMethod ? 405 : 404
    let text = isOtherMethod ? "Method Not Allowed" : "Not Found"
    return json(status, ["code": .integer(status), "msg": .string(text)])
  }

  static func serverError(_ status: Int) -> HTTPResponse {
    json(
      status,
      [
        "code": .integer(status),
        "msg": "Unknown error, please check your request or try again later.",
      ])
  }

  static var firewallPage: HTTPResponse {
    let page = """
      <HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1>
      You don't have permission to access this server.<P>Reference #18.0</BODY></HTML>
      """
    return HTTPResponse(
      status: 403, headers: [("Content-Type", "text/html")], body: Array(page.utf8))
  }
}
