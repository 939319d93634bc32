"""A machine that runs the daemon: a folder of its own and the real programs on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
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


def build(root, *programs):
    """The folder of the programs, built."""
    for program in programs:
        subprocess.run(["swift", "build", "--product", program], cwd=root, check=True)
    return subprocess.run(["swift", "build", "--show-bin-path"], cwd=root, check=True,
                          capture_output=True, text=True).stdout.strip()  # fmt: skip


class Machine:
    def __init__(self, binaries, exchange=None):
        """With a simulated exchange of its own, if it is not told of another one."""
        self.binaries = binaries
        self.folder = tempfile.mkdtemp(prefix="machine-")
        self.running = {}
        self.exchange = exchange or self.start("mexc-sim", "--port", "0", "--frozen").split()[3]
        self.configuration = self.path("config.json5")
        with open(self.configuration, "w", encoding="utf-8") as file:
            json.dump(self.settings(), file)

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
        until("a daemon that trades", lambda: self.status().get("trading_open"))

    def status(self):
        done = self.operate("--json", "status")
        return json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def operate(self, *arguments):
        return subprocess.run(
            [os.path.join(self.binaries, "mexc-signalctl"), "--config", self.configuration,
             *arguments], capture_output=True, text=True, check=False)  # fmt: skip

    def drop(self, name, **fields):
        wish = {"id": name, "symbol": "BTCUSDT", "side": "buy", "quantity": "0.001",
                "price": "64000", "ttl_seconds": 600, **fields}  # fmt: skip
        staged = self.path(f"spool/incoming/.{name}.tmp")
        with open(staged, "w", encoding="utf-8") as file:
            json.dump(wish, file)
        os.rename(staged, self.path(f"spool/incoming/{name}.json"))

    def close(self):
        """Its folder stays after a failure, for whoever wants to know why."""
        for process in self.running.values():
            process.kill()
            process.wait()
        if sys.exc_info()[0]:
            print(f"the folder is kept: {self.folder}", file=sys.stderr)
        else:
            shutil.rmtree(self.folder)
