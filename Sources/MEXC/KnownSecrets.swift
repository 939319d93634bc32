/// What is kept out of every text, should the exchange repeat it.
struct KnownSecrets {
  let apiKey: String?
  let listenKey: ListenKey?

  func removed(from text: String) -> String {
    var text = text
    for secret in [apiKey, listenKey?.text].compactMap(\.self) where !secret.isEmpty {
      text = text.replacing(secret, with: "…")
    }
    return text
  }
}
