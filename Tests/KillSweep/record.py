"""The daemon's database, read as it lies there."""

import json
import os
import shutil
import sqlite3
import tempfile


def open_database(path, mode="ro"):
    return sqlite3.connect(f"file:{path}?mode={mode}", uri=True, timeout=10)


ORDER_COLUMNS = (
    "signal_id, client_order_id, symbol, side, type, quantity, quote_quantity, price, status, "
    "reason, order_id, executed_quantity, executed_quote, attempt, stamped_at_ms, cancel_requested, "
    # Whether it may have left since, or is known to have come to nothing.
    "(SELECT kind FROM event WHERE event.signal_id = orders.signal_id AND "
    "kind IN ('order_armed', 'order_may_retry') ORDER BY id DESC LIMIT 1) AS last_attempt"
)


def read_database(path):
    """The signals by id, the orders by client order id; nothing where no schema is durable yet."""
    if not os.path.exists(path):
        return {}, {}
    try:
        return read_tables(path)
    except sqlite3.OperationalError:
        # A journal that must be rolled back first, which only a writer may: in a copy.
        with tempfile.TemporaryDirectory() as folder:
            for end in ("", "-journal", "-wal"):
                if os.path.exists(path + end):
                    shutil.copy(path + end, os.path.join(folder, "copy" + end))
            return read_tables(os.path.join(folder, "copy"), "rw")


def read_tables(path, mode="ro"):
    base = open_database(path, mode)
    try:
        base.row_factory = sqlite3.Row
        tables = {row[0] for row in base.execute("SELECT name FROM sqlite_schema")}
        if "orders" not in tables:
            return {}, {}
        # All columns: one that is killed while it brings the schema up to date has not all of them yet.
        signals = base.execute("SELECT * FROM signal")
        orders = base.execute(f"SELECT {ORDER_COLUMNS} FROM orders")
        return (
            {row["id"]: dict(row) for row in signals},
            {row["client_order_id"]: dict(row) for row in orders},
        )
    finally:
        base.close()


def read_ban(path):
    """When the back-off ends that the record knows of, in seconds since 1970; None without one."""
    base = open_database(path)
    try:
        row = base.execute("SELECT value FROM setting WHERE key = 'ban'").fetchone()
    finally:
        base.close()
    if row is None:
        return None
    value = json.loads(row[0])
    return value["until_ms"] / 1000 if isinstance(value, dict) and "until_ms" in value else None
