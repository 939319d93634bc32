"""The real programs on this machine's loopback: a simulated exchange, the daemon, and the console."""

import json
import os
import signal
import sqlite3
import subprocess
import tempfile
import time

# How long something may take that takes milliseconds on a free machine.
PATIENCE = 120
KEY = "mx0aBYs33eIilxBWC5"
SECRET = "45d0b3c26f2644f19bfb98b07741b2f5"


def until(what, question):
    """Asks until there is an answer."""
    end = time.monotonic() + PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.05)


class Programs:
    def __init__(self, binaries):
        self.binaries = binaries
        self.folder = tempfile.mkdtemp(prefix="console-")
        self.running = {}
        self.port = 0
        self.exchange = self.start("mexc-sim", "--port", "0", "--frozen").split()[3]
        self.configuration = self.path("config.json5")
        with open(self.configuration, "w", encoding="utf-8") as file:
            json.dump(self.settings(), file)
        self.start_daemon()
        self.start_console()

    def path(self, name):
        return os.path.join(self.folder, name)

    def settings(self):
        return {
            "mode": "live",
            "exchange": {"rest_url": self.exchange, "recv_window_ms": 10000},
            "credentials": {"source": "environment", "file": self.path("credentials")},
            "intake": {"directory": self.path("spool"), "socket": self.path("signal.sock")},
            "store": {"path": self.path("state.db")},
            "control": {"socket": self.path("control.sock")},
            "price": {"maximum_age_ms": 30000},
            "risk": {
                "symbols": ["BTCUSDT", "ETHUSDT"], "maximum_order_quote": "1000",
                "maximum_daily_quote": "50000",
            },
            "console": {"control": True},
        }  # fmt: skip

    def start(self, program, *arguments, announces=True):
        """Its first line on standard output, where it says one."""
        journal = open(self.path(program + ".log"), "a", encoding="utf-8")
        environment = {"MEXC_API_KEY": KEY, "MEXC_SECRET_KEY": SECRET, "PATH": os.environ["PATH"]}
        process = subprocess.Popen(
            [os.path.join(self.binaries, program), *arguments], stderr=journal,
            stdout=subprocess.PIPE if announces else journal, text=True, env=environment)  # fmt: skip
        self.running[program] = process
        return process.stdout.readline() if announces else ""

    def kill(self, program):
        self.running[program].send_signal(signal.SIGKILL)
        self.running[program].wait()

    def start_daemon(self):
        self.start("mexc-signald", "--config", self.configuration, announces=False)
        until("a daemon that trades", self.is_trading)

    def is_trading(self):
        done = self.operate("--json", "status")
        return done.stdout.startswith("{") and json.loads(done.stdout).get("trading_open")

    def start_console(self):
        line = self.start(
            "mexc-console", "--config", self.configuration, "--listen", f"127.0.0.1:{self.port}")
        self.port = int(line.rsplit(":", 1)[1])

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def operate(self, *arguments):
        return subprocess.run(
            [os.path.join(self.binaries, "mexc-signalctl"), "--config", self.configuration,
             *arguments], capture_output=True, text=True, check=False)  # fmt: skip

    def link(self):
        return self.operate("console").stdout.strip()

    def drop(self, name, **fields):
        wish = {"id": name, "symbol": "BTCUSDT", "side": "buy", "quantity": "0.001",
                "price": "64000", "ttl_seconds": 600, **fields}  # fmt: skip
        staged = self.path(f"spool/incoming/.{name}.tmp")
        with open(staged, "w", encoding="utf-8") as file:
            json.dump(wish, file)
        os.rename(staged, self.path(f"spool/incoming/{name}.json"))

    def repeat_signal(self, name, count):
        """So many signals as a daemon leaves after months."""
        with sqlite3.connect(self.path("state.db")) as database:
            database.execute(
                """
                WITH RECURSIVE copy (number) AS (
                  SELECT 1 UNION ALL SELECT number + 1 FROM copy WHERE number < ?)
                INSERT INTO signal SELECT printf('copy-%08d', number), symbol, side, type, decision,
                  message, origin_kind, origin, content_digest, raw, received_at_ms - number,
                  expires_at_ms, decided_at_ms, printf('sgcopy%08d', number), boot
                FROM copy CROSS JOIN signal WHERE signal.id = ?
                """, (count, name))  # fmt: skip

    def close(self):
        for process in self.running.values():
            process.kill()
            process.wait()
