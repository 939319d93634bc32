/// What is wrong and what to do about it, in one line.
package enum AdvisedText {
  /// The advice goes on with the sentence, or is one of its own.
  package static func line(_ message: String, _ advice: String) -> String {
    message + (advice.first?.isUppercase == true ? ". " : "; ") + advice
  }
}
