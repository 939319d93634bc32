import Domain

extension LineServer {
  /// What keeps clients from being served.
  package enum Trouble: Hashable, Sendable, CustomStringConvertible {
    /// `maximumClients` are connected, and whoever holds the most is owed something on each, or is in the
    /// middle of a line.
    case tooManyClients(Holder)
    /// `maximumClients` were connected; for each new one, one of the holder's is closed that is idle, or
    /// whose line does not end.
    case idleClosed(Holder)
    /// No client can be taken now; tried again after a second.
    case cannotAccept(SystemError)
    /// The socket's file was removed or replaced, and stands there again.
    case nameLost(path: String)
    /// It was removed or replaced, and cannot be made again.
    case cannotListen(String)
    /// The file of a socket that was handed over was removed or replaced: it is not ours to make.
    case handedNameLost(path: String)

    package var description: String {
      switch self {
      case .tooManyClients(let holder):
        "\(maximumClients) clients are connected, most of them of \(holder), and none of those is idle; "
          + "any more are turned away until some leave"
      case .idleClosed(let holder):
        "\(maximumClients) clients are connected, most of them of \(holder); for each further client, "
          + "a connection of theirs is closed that is idle, or whose line has not ended for a minute"
      case .cannotAccept(let error):
        "no further client can be taken: \(error); they wait, and it is tried again every second"
      case .nameLost(let path): "\(path) was removed or replaced; it is made again"
      case .cannotListen(let reason):
        "its file was removed or replaced, so that no client finds it, and it cannot be made again: "
          + "\(reason); it is tried again every few seconds"
      case .handedNameLost(let path):
        "\(path) was removed or replaced, so that no client finds the socket; systemd has made it, and "
          + "the daemon does not make it again"
      }
    }

    /// What is told once a minute. Of one user it is the same with each of their processes.
    fileprivate var key: String {
      switch self {
      case .tooManyClients(let holder): "too many of \(holder.user)"
      case .idleClosed(let holder): "idle of \(holder.user)"
      case .cannotAccept, .nameLost, .cannotListen, .handedNameLost: description
      }
    }
  }

  /// The user who holds the most connections.
  package struct Holder: Hashable, Sendable, CustomStringConvertible {
    package let user: UInt32
    /// nil when the connections are those of several processes.
    package let process: Int32?

    package init(user: UInt32, process: Int32?) {
      self.user = user
      self.process = process
    }

    /// Of two who hold equally many it is the one with the lower number.
    init?(of peers: [PeerCredentials]) {
      let users = Dictionary(grouping: peers, by: \.user)
      guard
        let most = users.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })
      else { return nil }
      let processes = Set(most.value.map(\.process))
      self.init(user: most.key, process: processes.count == 1 ? processes.first : nil)
    }

    package var description: String {
      "uid \(user)" + (process.map { " (pid \($0))" } ?? "")
    }
  }
}

/// The troubles of a line server that last, and those that were told of late.
struct LineTroubles {
  /// Clients do not find the socket.
  var name: LineServer.Trouble?
  /// The system has nothing left for a further client.
  var accepting: LineServer.Trouble?
  /// There was no place for a further client. It lasts while none of those that are connected may go.
  var places: LineServer.Trouble?
  /// Whoever connects again and again must not fill the journal.
  private var told = RecentTexts()

  var lasting: [LineServer.Trouble] { [name, accepting].compactMap(\.self) }

  /// Whether it is to be told; it then counts as told.
  mutating func isToBeTold(_ trouble: LineServer.Trouble, at now: MonotonicTime) -> Bool {
    !told.isRecent(trouble.key, at: now)
  }
}
