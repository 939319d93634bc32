import CSQLite
import Foundation

/// Another program's plain connection to a database: what `sqlite3` at a shell would do.
@safe
final class Stranger {
  struct Refusal: Error, Equatable {
    let message: String
  }

  private let handle: OpaquePointer

  init(_ path: String) throws {
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    let code = unsafe sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let handle = unsafe opened else {
      unsafe sqlite3_close_v2(opened)
      throw Refusal(message: "cannot open \(path)")
    }
    unsafe self.handle = unsafe handle
  }

  deinit {
    unsafe sqlite3_close_v2(handle)
  }

  func execute(_ sql: String) throws {
    guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw Refusal(message: unsafe String(cString: sqlite3_errmsg(handle)))
    }
  }

  /// What SQLite says against the statement; nil when it takes it.
  func refusal(of sql: String) -> String? {
    do {
      try execute(sql)
      return nil
    } catch {
      return (error as? Refusal)?.message
    }
  }

  /// Every table, index, trigger and view, and how it was made.
  func schema() throws -> [[String?]] {
    try rows("SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
  }

  /// Every row as text; NULL is nil.
  func rows(_ sql: String) throws -> [[String?]] {
    var prepared: OpaquePointer?
    guard unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK else {
      throw Refusal(message: unsafe String(cString: sqlite3_errmsg(handle)))
    }
    defer { unsafe sqlite3_finalize(prepared) }
    var rows: [[String?]] = []
    while unsafe sqlite3_step(prepared) == SQLITE_ROW {
      rows.append(
        (0..<(unsafe sqlite3_column_count(prepared))).map { column in
          guard let text = unsafe sqlite3_column_text(prepared, column) else { return nil }
          return unsafe String(cString: text)
        })
    }
    return rows
  }

  func value(_ sql: String) throws -> String? {
    try rows(sql).first?.first ?? nil
  }
}
