import CSQLite
import TestKit

/// What `sqlite3` at a shell would do to a database that no daemon has open.
@safe
final class RawDatabase {
  private let handle: OpaquePointer

  init(_ path: String) throws {
    var opened: OpaquePointer?
    let code = unsafe sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE, nil)
    guard code == SQLITE_OK, let handle = unsafe opened else {
      unsafe sqlite3_close_v2(opened)
      throw Unusable("cannot open \(path)")
    }
    unsafe self.handle = unsafe handle
  }

  deinit {
    unsafe sqlite3_close_v2(handle)
  }

  func execute(_ sql: String) throws {
    guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw Unusable("\(sql): \(unsafe String(cString: sqlite3_errmsg(handle)))")
    }
  }

  /// The first column of every row.
  func column(_ sql: String) throws -> [String] {
    var prepared: OpaquePointer?
    guard unsafe sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK else {
      throw Unusable("\(sql): \(unsafe String(cString: sqlite3_errmsg(handle)))")
    }
    defer { unsafe sqlite3_finalize(prepared) }
    var values: [String] = []
    while unsafe sqlite3_step(prepared) == SQLITE_ROW {
      if let text = unsafe sqlite3_column_text(prepared, 0) {
        values.append(unsafe String(cString: text))
      }
    }
    return values
  }
}
