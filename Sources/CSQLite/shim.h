#pragma once
// SQLite functions that Swift cannot call as they are: variadic, or in need of a macro that casts an
// integer to a function pointer.
#include <sqlite3.h>

/// Keeps SQLite from counting the memory that it uses, which takes a lock with every block: nobody asks
/// for the count. Once the library is in use it changes nothing.
static inline void csqlite_count_no_memory(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/// Sets one of the boolean options of sqlite3_db_config().
static inline int csqlite_set_option(sqlite3 *database, int option, int on) {
  return sqlite3_db_config(database, option, on, (int *)0);
}

/// sqlite3_bind_text() with SQLITE_TRANSIENT: SQLite copies the bytes before it returns.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int place, const char *bytes,
                                    int count) {
  return sqlite3_bind_text(statement, place, bytes, count, SQLITE_TRANSIENT);
}

/// sqlite3_bind_blob() with SQLITE_TRANSIENT.
static inline int csqlite_bind_blob(sqlite3_stmt *statement, int place, const void *bytes,
                                    int count) {
  return sqlite3_bind_blob(statement, place, bytes, count, SQLITE_TRANSIENT);
}

/// Makes every commit so far durable: the log is synced as `synchronous=FULL` does it after a commit.
/// On failure `*number` is the system's error, or 0.
static inline int csqlite_sync_log(sqlite3 *database, int *number) {
  sqlite3_file *log = 0;
  *number = 0;
  int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code != SQLITE_OK) return code;
  if (!log || !log->pMethods) return SQLITE_OK; // Nothing was committed since the opening.
  code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK) log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, number);
  return code;
}

/// Whether the file's path leads elsewhere now: it was removed, moved or replaced. 0 where the file system
/// cannot tell.
static inline int csqlite_has_moved(sqlite3 *database) {
  int moved = 0;
  int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved;
}

static inline int csqlite_take_step(void *left) { return --*(int *)left < 0; }

/// Interrupts what the connection runs once it was asked more than `*left` times, which is after every
/// `steps` of SQLite's own; a null `left` ends that.
static inline void csqlite_limit_steps(sqlite3 *database, int steps, int *left) {
  sqlite3_progress_handler(database, steps, left ? csqlite_take_step : 0, left);
}

static inline int csqlite_note_pages(void *pages, sqlite3 *database, const char *name, int count) {
  (void)database;
  (void)name;
  *(int *)pages = count;
  return SQLITE_OK;
}

/// Has every commit write the number of pages in the log to `*pages`, and none of them fold the log into
/// the file by itself.
static inline void csqlite_watch_log(sqlite3 *database, int *pages) {
  sqlite3_wal_hook(database, csqlite_note_pages, pages);
}
