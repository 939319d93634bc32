import Glibc

/// An owned file descriptor: closed exactly once, when its owner goes away.
package struct FileDescriptor: ~Copyable {
  package let number: CInt

  /// Takes ownership of `number`.
  package init(owning number: CInt) {
    self.number = number
  }

  /// Gives the descriptor up without closing it.
  package consuming func release() -> CInt {
    let number = number
    discard self
    return number
  }

  deinit {
    // Linux frees the descriptor even when close(2) reports EINTR; calling again would close a
    // stranger's.
    close(number)
  }
}
