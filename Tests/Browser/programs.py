"""A machine with the console beside the daemon, and what a browser's test does to it."""

import os
import signal
import sqlite3

from machine import Machine


class Programs(Machine):
    def __init__(self, binaries):
        super().__init__(binaries)
        self.port = 0
        self.start_daemon()
        self.start_console()

    def settings(self):
        return {**super().settings(), "console": {"control": True}}

    def start_console(self):
        line = self.start(
            "mexc-console", "--config", self.configuration, "--listen", f"127.0.0.1:{self.port}")
        self.port = int(line.rsplit(":", 1)[1])

    def pause(self, program):
        """It lives, and does nothing."""
        self.running[program].send_signal(signal.SIGSTOP)

    def go_on(self, program):
        self.running[program].send_signal(signal.SIGCONT)

    def lose_database(self):
        self.kill("mexc-signald")
        for end in ("", "-wal", "-shm"):
            if os.path.exists(self.path("state.db" + end)):
                os.unlink(self.path("state.db" + end))
        self.start_daemon()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def link(self):
        return self.operate("console").stdout.strip()

    def repeat_signal(self, name, count):
        """So many signals as a daemon leaves after months."""
        with sqlite3.connect(self.path("state.db")) as database:
            database.execute(
                """
                WITH RECURSIVE copy (number) AS (
                  SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < ?)
                INSERT INTO signal SELECT printf('copy-%08d', number), symbol, side, type, decision,
                  message, origin_kind, origin, content_digest, raw, received_at_ms - number,
                  expires_at_ms, decided_at_ms, printf('sgcopy%08d', number), boot,
                  counted_source, is_numbered
                FROM copy CROSS JOIN signal WHERE signal.id = ?
                """, (count, name))  # fmt: skip
