extension LineServer {
  /// What the owner of the server is told, on the loop's thread. The closures may answer, push and
  /// finish at once. One trouble is told once a minute, however often it happens.
  package struct Handlers {
    let connected: (ConnectionID, PeerCredentials) -> Void
    let received: (ConnectionID, LineInput) -> Void
    let disconnected: (ConnectionID) -> Void
    let troubled: (Trouble) -> Void

    package init(
      connected: @escaping (ConnectionID, PeerCredentials) -> Void = { _, _ in },
      received: @escaping (ConnectionID, LineInput) -> Void,
      disconnected: @escaping (ConnectionID) -> Void = { _ in },
      troubled: @escaping (Trouble) -> Void = { _ in }
    ) {
      self.connected = connected
      self.received = received
      self.disconnected = disconnected
      self.troubled = troubled
    }
  }
}
