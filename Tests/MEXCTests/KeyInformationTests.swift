import Domain
import JSON
import MEXC
import Testing

/// What the exchange tells of an API key, in the forms that were seen or are documented.
@Suite struct KeyInformationTests {
  private func key(_ body: String) throws -> KeyInformation {
    let reading = answer(to: .keyInformation, response(200, body)).keyInformationReading
    return try reading.get()
  }

  @Test func `rights, standing, days and addresses are read`() throws {
    let key = try key(
      #"""
      {"note":"bot","accessKey":"mx0","status":"VALID",
       "permissions":"SPOT_ACCOUNT_READ,SPOT_DEAL_READ, SPOT_DEAL_WRITE",
       "ipWhiteList":"203.0.113.7,203.0.113.8","createTime":"2026-01-01T00:00:00.000+00:00",
       "remainingValidity":80}
      """#)
    #expect(key.rights == [.readAccount, .readOrders, .placeOrders])
    #expect(key.mayWithdraw == false)
    #expect(key.standing == .valid)
    #expect(key.validity == .days(80) && key.daysLeft == 80)
    #expect(key.addresses == ["203.0.113.7", "203.0.113.8"])
  }

  @Test(arguments: [
    (#""SPOT_ACCOUNT_R,SPOT_DEAL_R,SPOT_DEAL_W""#, false),
    (#""SPOT_DEAL_WRITE,SPOT_WITHDRAW_WRITE""#, true),
    (#""SPOT_DEAL_WRITE,SPOT_WITHDRAW_W""#, true),
    (#""SPOT_DEAL_WRITE,spot_withdraw_write""#, true),
    (#""SPOT_WITHDRAW""#, true),
    (#""SPOT_DEAL_WRITE,SPOT_WITHDRAW_READ,SPOT_WITHDRAW_R""#, false),
    (#"["SPOT_DEAL_WRITE","SPOT_WITHDRAW_WRITE"]"#, true),
    (#"["SPOT_DEAL_WRITE"]"#, false),
  ])
  func `the right to withdraw is seen in every form`(_ permissions: String, _ may: Bool) throws {
    #expect(
      try key(#"{"permissions":\#(permissions),"remainingValidity":1}"#).mayWithdraw == may)
  }

  /// What is not told is not known: it neither allows nor refuses.
  @Test(arguments: ["null", "\"\"", "[]", "7", "[7]", "{}"])
  func `permissions that are not told are not known`(_ permissions: String) throws {
    let key = try key(#"{"status":"VALID","permissions":\#(permissions)}"#)
    #expect(key.rights == nil && key.mayWithdraw == nil)
  }

  @Test(arguments: [
    ("-999", KeyInformation.Validity.permanent), ("\"-999\"", .permanent), ("0", .days(0)),
    ("\"12\"", .days(12)), ("-5", nil), ("1.5", nil), ("null", nil), ("99999999", nil),
  ])
  func `the days that are left`(_ value: String, _ validity: KeyInformation.Validity?) throws {
    #expect(try key(#"{"status":"FROZEN","remainingValidity":\#(value)}"#).validity == validity)
  }

  @Test func `a key that is not valid is called so`() throws {
    #expect(try key(#"{"status":"FROZEN"}"#).standing == .unusable("FROZEN"))
    #expect(try key(#"{"code":0,"data":{"status":"DELETE"}}"#).standing == .unusable("DELETE"))
  }

  @Test(arguments: ["{}", "[]", "7", #"{"note":"x"}"#])
  func `an answer that tells nothing is unreadable`(_ body: String) {
    let reading = answer(to: .keyInformation, response(200, body)).keyInformationReading
    guard case .failure(.unreadable) = reading else {
      Issue.record("\(reading)")
      return
    }
  }

  @Test(arguments: [("true", true), ("false", false), ("null", nil), ("\"yes\"", nil)])
  func `whether the account may trade`(_ value: String, _ can: Bool?) throws {
    let body = #"{"canTrade":\#(value),"balances":[]}"#
    let reading = answer(to: .accountRights, response(200, body)).accountRightsReading
    #expect(try reading.get() == AccountRights(canTrade: can))
  }
}
