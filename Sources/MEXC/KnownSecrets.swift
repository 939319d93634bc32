/// What is kept out of every text, should the exchange repeat it.
struct KnownSecrets {
  let apiKey: String?
  let listenKey: ListenKey?

  func removed(from text: String) -> String {
    var text = text
    let secrets = [apiKey, listenKey?.text, listenKey?.encoded].compactMap(\.self)
    for secret in secrets where !secret.isEmpty {
      text = text.replacing(secret, with: "…")
    }
    return text
  }
}
