import JSON
import Testing

@Suite struct JSONLimitTests {
  private func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
  }

  private func problem(_ text: String, _ limits: JSONLimits = .signal) -> JSONError? {
    do throws(JSONError) {
      _ = try JSONReader.read(text, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  @Test func `bounds the depth`() {
    #expect(problem(nested(16)) == nil)
    let tooDeep = problem(nested(17))
    #expect(tooDeep?.problem == .tooDeep(maximum: 16))
    #expect(tooDeep?.position.offset == 16)
    #expect(problem(nested(32), .exchange) == nil)
    #expect(problem(nested(33), .exchange)?.problem == .tooDeep(maximum: 32))
    let objects = String(repeating: "{\"a\":", count: 17) + "1" + String(repeating: "}", count: 17)
    #expect(problem(objects)?.problem == .tooDeep(maximum: 16))
    #expect(problem(objects)?.position.offset == 16 * 5)
  }

  @Test func `refuses a long run of brackets`() {
    let brackets = String(repeating: "[", count: 100_000)
    let names = String(repeating: "{\"a\":", count: 100_000)
    #expect(problem(brackets)?.problem == .tooDeep(maximum: 16))
    // Nothing behind the limit is read.
    #expect(problem(brackets)?.position.offset == 16)
    #expect(problem(names, .exchange)?.problem == .tooDeep(maximum: 32))
    #expect(problem(names, .exchange)?.position.offset == 32 * 5)
  }

  @Test func `bounds the number of values`() {
    let limits = JSONLimits(maximumDepth: 4, maximumNumberLength: 8, maximumValues: 4)
    #expect(problem("[1,2,3]", limits) == nil)
    let tooMany = problem("[1,2,3,4]", limits)
    #expect(tooMany?.problem == .tooManyValues(maximum: 4))
    #expect(tooMany?.position.offset == 7)
    #expect(problem("{\"a\":{\"b\":[0,1]}}", limits)?.problem == .tooManyValues(maximum: 4))
  }

  @Test func `bounds the length of a number`() {
    let limits = JSONLimits(maximumDepth: 4, maximumNumberLength: 8, maximumValues: 4)
    #expect(problem("12345678", limits) == nil)
    #expect(problem("-1234.67", limits) == nil)
    #expect(problem("-12345678", limits)?.problem == .numberTooLong(maximum: 8))
    #expect(problem("1234e5678", limits)?.problem == .numberTooLong(maximum: 8))
    let digits = String(repeating: "1", count: 100_000)
    #expect(problem("[" + digits, .exchange)?.problem == .numberTooLong(maximum: 64))
    for limits in [JSONLimits.exchange, .configuration] {
      #expect(problem(String(repeating: "9", count: 64), limits) == nil)
      let whole = problem(String(repeating: "9", count: 65), limits)
      #expect(whole?.problem == .numberTooLong(maximum: 64))
      #expect(whole?.position.offset == 0)
      let fraction = problem("[0." + String(repeating: "1", count: 63) + "]", limits)
      #expect(fraction?.problem == .numberTooLong(maximum: 64))
      #expect(fraction?.position.offset == 1)
    }
  }

  @Test func `a number of a signal may be as long as the text`() throws {
    let digits = String(repeating: "1", count: 100_000)
    #expect(try JSONReader.read("[0.\(digits)]") == .array([.number("0." + digits)]))
  }

  /// The limit is for giving up: comparing each name with all before it would take far longer.
  @Test(.timeLimit(.minutes(2)))
  func `many names stay cheap`() throws {
    let names = (0..<50_000).map { "\"name\($0)\":\($0)" }.joined(separator: ",")
    let document = try JSONReader.read("{\(names)}", limits: .exchange)
    #expect(document.objectValue?.count == 50_000)
  }
}
