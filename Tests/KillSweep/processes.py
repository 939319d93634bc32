"""The programs as processes: a simulated exchange, and a daemon in a folder of its own."""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

# The pair that MEXC's own documentation prints; the simulated exchange knows it.
DEMO_KEY = "mx0aBYs33eIilxBWC5"
DEMO_SECRET = "45d0b3c26f2644f19bfb98b07741b2f5"

# Far above what a loaded machine needs.
PATIENCE_SECONDS = 60.0


# prctl(2).
PR_SET_PDEATHSIG = 1


class Worker:
    is_stopping = False


def begin_job():
    """A pool's worker outlives the exit of a job and would take the next one."""
    if Worker.is_stopping:
        os._exit(1)


def end_with_parent():
    """For a worker: when the sweep ends it is told to stop, and ends its own processes."""

    def stop(*_):
        Worker.is_stopping = True
        sys.exit(1)

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, stop)


class Trouble(Exception):
    """The machinery itself does not work: neither a pass nor a violation."""


class Simulator:
    """A mexc-sim process and its own control."""

    # Prices stand still: the oracle knows what a signal had to come to.
    ARGUMENTS = [
        "--port", "0", "--frozen", "--exit-with-parent", "--partial-percent", "40",
        "--ack-lag-percent", "20", "--ack-lag-ms", "300", "--ip-weight", "1000000",
        "--uid-weight", "1000000", "--orders-per-second", "1000000",
        "--account-reads-per-second", "1000000", "--patience", "1000000",
        "--open-orders", "1000000",
        "--balance", "USDT=1000000000000", "--balance", "BTC=100000000",
        "--balance", "ETH=100000000", "--balance", "LINK=100000000", "--balance", "MX=100000000",
    ]  # fmt: skip

    # Orders fill whole and are seen at once.
    CALM = ["--partial-percent", "0", "--ack-lag-percent", "0"]

    def __init__(self, binaries, seed, more=()):
        self.process = subprocess.Popen(
            [os.path.join(binaries, "mexc-sim"), *self.ARGUMENTS, *more, "--seed", str(seed)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        line = self.process.stdout.readline().decode()
        # mexc-sim listening on http://127.0.0.1:PORT seed N
        words = line.split()
        if len(words) < 4:
            raise Trouble(f"the simulated exchange did not start: {line!r}")
        self.port = int(words[3].rsplit(":", 1)[1])

    def ask(self, method, path, body=None):
        for attempt in range(3):
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            try:
                link.request(method, "/__admin/" + path, body)
                answer = link.getresponse()
                return answer.status, json.loads(answer.read())
            except OSError as error:
                if attempt == 2:
                    raise Trouble(
                        f"the simulated exchange does not answer: {error}; exit status "
                        f"{self.process.poll()} (None: it runs; below 0: a signal ended it)"
                    ) from error
            finally:
                link.close()
        raise AssertionError("unreachable")

    def ledger(self):
        status, ledger = self.ask("GET", "ledger")
        if status != 200:
            raise Trouble(f"no ledger: {ledger}")
        return ledger

    def set_faults(self, rules):
        status, answer = self.ask("POST", "faults", json.dumps({"rules": rules}))
        if status != 200:
            raise Trouble(f"the fault plan was refused: {answer}")

    def fill(self, client_order_id):
        self.ask("POST", f"fill?client_order_id={client_order_id}")

    def demand_back_off(self, seconds):
        self.ask("POST", f"rate?status=429&seconds={seconds}")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Daemon:
    """mexc-signald over as many lives as it is given, all on the same folders."""

    # Short windows, so that "not found" is reached while the sweep waits; no limit in the way.
    CONFIGURATION = {
        "mode": "live",
        "exchange": {"recv_window_ms": 1000, "settle_seconds": 1},
        "credentials": {"source": "environment"},
        "price": {"maximum_age_ms": 10000, "maximum_deviation_bps": 500},
        "risk": {
            "symbols": ["BTCUSDT", "ETHUSDT", "LINKUSDT", "MXUSDT"],
            "maximum_order_quote": "1000",
            "maximum_open_orders": 100000,
            "maximum_orders_per_minute": 100000,
            "maximum_daily_quote": None,
            "pause_on_not_found": "none",
        },
        "rate_limits": {"ip_weight": 100000, "uid_weight": 100000, "orders_per_second": 100000},
    }

    def __init__(self, binaries, home, directory=None):
        """`directory` is where its configuration and journals lie, when not in its home."""
        self.binaries = binaries
        self.home = home
        self.directory = directory or home
        self.spool = os.path.join(home, "spool")
        self.database = os.path.join(home, "state.db")
        self.socket = os.path.join(home, "signal.sock")
        self.configuration = os.path.join(self.directory, "config.json5")
        self.process = None
        self.lives = 0
        os.makedirs(os.path.join(self.spool, "incoming"), exist_ok=True)

    @property
    def journal(self):
        return os.path.join(self.directory, f"journal-{self.lives}.log")

    def configure(self, port, limits_orders=False):
        """`limits_orders`: no more orders a second than the exchange allows; those that wait leave
        together.
        """
        document = json.loads(json.dumps(self.CONFIGURATION))
        if limits_orders:
            del document["rate_limits"]["orders_per_second"]
        document["exchange"]["rest_url"] = f"http://127.0.0.1:{port}"
        document["intake"] = {"directory": self.spool, "socket": self.socket}
        document["store"] = {"path": self.database}
        document["control"] = {"socket": os.path.join(self.home, "control.sock")}
        with open(self.configuration, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)

    def start(self, under=()):
        """Starts a life; `under` is a program that runs it, such as strace with its options."""
        # The journals of the last lives are kept for the story of a failure.
        try:
            os.unlink(os.path.join(self.directory, f"journal-{self.lives - 30}.log"))
        except FileNotFoundError:
            pass
        self.lives += 1
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "MEXC_API_KEY": DEMO_KEY,
            "MEXC_SECRET_KEY": DEMO_SECRET,
        }
        program = os.path.join(self.binaries, "mexc-signald")
        with open(self.journal, "wb") as journal:
            self.process = subprocess.Popen(
                [*under, program, "--config", self.configuration], env=environment,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=journal,
            )  # fmt: skip

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def connect(self, seconds=PATIENCE_SECONDS):
        """A connection to the signal socket; None when the daemon ended before it took one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                client.connect(self.socket)
                return client
            except OSError:
                client.close()
                if not self.is_alive():
                    return None
                time.sleep(0.0005)
        raise Trouble(f"no signal socket after {seconds} s:\n{self.tail()}")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()

    def freeze(self):
        """Stops it where it is, and returns when it stands still."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def lock_holder(self):
        """The process id in the lock file: the daemon itself, also when something runs it."""
        try:
            with open(self.database + ".lock", encoding="ascii") as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)

    def said(self):
        try:
            with open(self.journal, "rb") as file:
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def tail(self, lines=30):
        return "\n".join(self.said().splitlines()[-lines:])

    def operate(self, *arguments):
        return subprocess.run(
            [os.path.join(self.binaries, "mexc-signalctl"), "--config", self.configuration,
             *arguments],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip


def answers_of(client, has_ended=True):
    """Every whole line that the daemon answered before it ended, or before it was frozen."""
    received = b""
    client.settimeout(PATIENCE_SECONDS if has_ended else 0)
    while True:
        try:
            part = client.recv(65536)
        except ConnectionResetError:
            # Lines of ours that were never read reset the connection; its answers come behind.
            continue
        except BlockingIOError:
            break
        if not part:
            break
        received += part
    client.close()
    whole, _, _ = received.rpartition(b"\n")
    return [json.loads(line) for line in whole.split(b"\n") if line]


def deliver_file(spool, name, text):
    """Puts a signal into the spool as a careful producer does: synced, then renamed in."""
    folder = os.path.join(spool, "incoming")
    temporary = os.path.join(folder, "." + name + ".tmp")
    with open(temporary, "wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, os.path.join(folder, name))
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
