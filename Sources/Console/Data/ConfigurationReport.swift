import Configuration
import JSON

/// The configuration as the file has it, each key with what it means, and what is wrong with it.
enum ConfigurationReport {
  static func reply(_ path: String) -> Reply {
    switch Configuration.load(path) {
    case .failure(let invalid):
      return .json([
        "ok": false, "file": .string(path), "keys": [],
        "violations": .array(invalid.violations.map { .string($0.description) }),
      ])
    case .success(let configuration):
      return .json([
        "ok": true, "file": .string(path), "violations": [],
        "keys": .array(configuration.effectiveKeys.map(document)),
      ])
    }
  }

  private static func document(_ key: Configuration.EffectiveKey) -> JSONValue {
    [
      "key": .string(key.path), "value": key.value, "default": key.standard,
      "is_default": .bool(key.value == key.standard), "reloads": .bool(key.reloads),
      "meaning": .string(KeyMeanings.all[key.path] ?? ""),
    ]
  }
}
