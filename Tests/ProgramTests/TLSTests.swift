import Domain
import Foundation
import Glibc
import JSON
import TestKit
import Testing

/// The way to the exchange over TLS, with an authority of one's own.
struct TLSTests {
  @Test
  func `an authority of one's own is trusted and no other`() throws {
    let files = try Scratch()
    let authority = try Authority(files)
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--tls", authority.certificate, authority.key])
    #expect(market.scheme == "https")
    let daemon = try DaemonUnderTest(market) {
      $0["exchange.rest_url"] = .string("https://localhost:\(market.port)")
      $0["exchange.ca_file"] = .string(authority.other)
    }
    try daemon.start()
    #expect(try daemon.submit(Wish("patient").text)["code"] == "accepted")
    #expect(try daemon.submit(Wish("hasty", ["ttl_seconds": 1]).text)["code"] == "accepted")
    try daemon.waitForOrder("hasty", "expired")
    let line = try daemon.process.line(with: "level=warning", "certificate")
    #expect(line.contains("localhost:\(market.port)"), "\(line)")
    let cause = try #require(try daemon.status()["connections"]?["last_error"]?.stringValue)
    #expect(cause.contains("certificate"), "\(cause)")
    #expect(try daemon.status()["trading_open"] == false)
    let stream = try #require(try daemon.streams("market").first)
    #expect(stream["last_error"]?.stringValue?.contains("certificate") == true)
    try daemon.process.line(
      with: "level=notice", "the price stream cannot be connected", "check exchange.stream_url",
      "exchange.ca_file")
    let shown = try daemon.operate("status")
    #expect(shown.status == 1)
    #expect(shown.output.hasPrefix("problem: there is no connection to the exchange"))
    #expect(shown.output.contains("check exchange.rest_url and exchange.ca_file"))
    #expect(try daemon.stop() == .exited(0))

    // Neither is it trusted by the system.
    daemon.settings["exchange.ca_file"] = .null
    try daemon.start()
    try daemon.process.line(with: "level=warning", "certificate")
    #expect(try daemon.stop() == .exited(0))

    daemon.settings["exchange.ca_file"] = .string(authority.file)
    try daemon.start()
    try daemon.waitForTrading()
    try daemon.waitForOrder("patient", "filled")
    // The streams are behind the same authority.
    try daemon.waitForPushedPrices()
    try daemon.waitForAccountStream()
    // Had the other one been placed before, this would not be the first order of this exchange.
    #expect(try daemon.submit(Wish("second").text)["code"] == "accepted")
    try daemon.waitForOrder("second", "filled")
    #expect(try daemon.orderStatus("hasty") == "expired")
    #expect(try daemon.explain("patient")["order"]?["attempt"] == 1)
  }

  @Test
  func `an authority file that was renewed in place counts after a reload`() throws {
    let files = try Scratch()
    let authority = try Authority(files)
    let market = try SimulatedMarket(
      SimulatedMarket.calm + ["--tls", authority.certificate, authority.key])
    let trusted = files("trusted.pem")
    func trust(_ file: String) throws {
      try files.write("trusted.pem", try String(contentsOfFile: file, encoding: .utf8))
    }
    try trust(authority.other)
    let daemon = try DaemonUnderTest(market) {
      $0["exchange.rest_url"] = .string("https://localhost:\(market.port)")
      $0["exchange.ca_file"] = .string(trusted)
    }
    try daemon.start()
    try daemon.process.line(with: "level=warning", "certificate")
    #expect(try daemon.submit(Wish("patient").text)["code"] == "accepted")
    try files.write("trusted.pem", "none")
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "level=error", "exchange.ca_file cannot be read again")
    try trust(authority.file)
    try daemon.process.signal(SIGHUP)
    try daemon.process.line(with: "the authorities in exchange.ca_file are read again")
    try daemon.waitForTrading()
    try daemon.waitForOrder("patient", "filled")
    #expect(daemon.lives.count == 1)
    #expect(try daemon.stop() == .exited(0))
  }

  @Test
  func `an authority file that is none is a configuration error`() throws {
    let daemon = try DaemonUnderTest(nil, url: "https://localhost:9") {
      $0["exchange.ca_file"] = "/nonexistent.pem"
    }
    try daemon.launch()
    #expect(try daemon.process.waitForEnd() == .exited(78))
    try daemon.process.line(with: "exchange.ca_file", "/nonexistent.pem")
  }
}
