import JSON
import Testing

@Suite struct CanonicalJSONTests {
  /// What Python's json.dumps(_, sort_keys=True, separators=(",", ":"), ensure_ascii=False) gives.
  private static let rows: [(text: String, canonical: String)] = [
    ("{}", "{}"),
    (#"{ "b" : 1, "a" : "x" }"#, #"{"a":"x","b":1}"#),
    (
      #"{"ttl_seconds":1,"symbol":"A","side":"buy"}"#,
      #"{"side":"buy","symbol":"A","ttl_seconds":1}"#
    ),
    (#"{"n":0.10,"m":-0}"#, #"{"m":-0,"n":0.10}"#),
    (#"{"note":"\u0061\/\"\\"}"#, #"{"note":"a/\"\\"}"#),
    (
      #"{"note":"\u0008\u0009\u000a\u000c\u000d\u0001\u001f"}"#,
      #"{"note":"\b\t\n\f\r\u0001\u001f"}"#
    ),
    (#"{"note":"\u007f\u0080\u2028é\ud83d\ude00"}"#, "{\"note\":\"\u{7F}\u{80}\u{2028}é😀\"}"),
    (
      #"{"c":null,"b":true,"a":[1,"x",{"z":1,"y":2}]}"#,
      #"{"a":[1,"x",{"y":2,"z":1}],"b":true,"c":null}"#
    ),
  ]

  @Test(arguments: rows)
  func `an object has one text`(_ row: (text: String, canonical: String)) throws {
    let members = try #require(try JSONReader.read(row.text).objectValue)
    #expect(CanonicalJSON.text(of: members) == row.canonical)
    let again = try #require(try JSONReader.read(row.canonical).objectValue)
    #expect(CanonicalJSON.text(of: again) == row.canonical)
  }
}
