"""kill -9 before every system call of a life: start, two signals, their orders, rest, stop."""

import collections
import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import ends
import tracer
import windows
from oracle import Oracle, Scene, Violation, client_order_id
from processes import PATIENCE_SECONDS, Daemon, Simulator, Trouble
from processes import answers_of, begin_job, deliver_file
from producer import Delivery

# A life of two signals takes some hundred milliseconds under strace.
LIFE_SECONDS = 30.0
REST_SECONDS = 30.0
# Its folder's name, the same for all lives: a call on it is on the same file.
LIFE = "life"
# What an order is from its arming until an answer tells what came of it.
IN_DOUBT = {"submitted", "unknown", "not_found"}
# Before the call that a kill prevented, among other counts.
STRUCK = "struck: "
# Calls that others see the effects of once the process is gone.
CHANGES = {
    "write", "writev", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "fallocate",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat",
    "sendto", "io_submit",
}  # fmt: skip


def why_not():
    """Why strace cannot be used here; None where it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"nothing may be traced: {tried.stderr.strip()}"


class Life:
    """One daemon in fresh folders with a signal by file and one by socket."""

    def __init__(self, binaries, simulator, name, home):
        self.simulator = simulator
        self.home = home
        self.daemon = Daemon(binaries, home)
        self.daemon.configure(simulator.port)
        self.oracle = Oracle(self.daemon)
        self.file = self.delivery(f"{name}-file", file="signal.json")
        self.line = self.delivery(f"{name}-line")

    def delivery(self, signal_id, file=None):
        wish = {"id": signal_id, "symbol": "BTCUSDT", "side": "buy", "quantity": "0.001",
                "price": "64000", "ttl_seconds": 3600}  # fmt: skip
        delivery = Delivery("good", signal_id, json.dumps(wish), file)
        self.oracle.expect(delivery)
        return delivery

    def scene(self):
        """Of the exchange only what is ours: it serves many lives."""
        ledger = self.simulator.ledger()
        names = {client_order_id(d.signal_id) for d in (self.file, self.line)}
        ours = [o for o in ledger["orders"] if o["client_order_id"] in names]
        return Scene.take(self.daemon, {**ledger, "orders": ours})

    def is_at_rest(self):
        scene = self.scene()
        return len(scene.signals) == 2 and self.oracle.is_settled(scene)

    def live(self, under):
        """The life under strace. Returns whether it was killed, not stopped."""
        deliver_file(self.daemon.spool, self.file.file, self.file.text)
        self.daemon.start(under)
        client = self.daemon.connect(LIFE_SECONDS)
        if client is not None:
            try:
                client.sendall(self.line.text.encode() + b"\n")
            except BrokenPipeError:
                pass
        self.stop_at_rest()
        status = self.daemon.process.wait(PATIENCE_SECONDS)
        if client is not None:
            for answer in answers_of(client)[:1]:
                self.oracle.hear(self.line, answer)
        if status not in (0, -signal.SIGKILL):
            raise Violation("a stop ends with status 0", f"{status}: {self.daemon.tail()}")
        return status != 0

    def stop_at_rest(self):
        end = time.monotonic() + LIFE_SECONDS
        while self.daemon.is_alive():
            if time.monotonic() > end:
                raise Violation("nothing stays in flight for ever", self.daemon.tail())
            if self.is_at_rest():
                holder = self.daemon.lock_holder()
                if holder is not None and self.daemon.is_alive():
                    os.kill(holder, signal.SIGTERM)
                return
            time.sleep(0.01)

    def recover(self):
        """The next life, undisturbed: the client sends again what was not answered."""
        self.daemon.start()
        client = self.daemon.connect()
        if client is None:
            raise Violation("the daemon starts", self.daemon.tail())
        again = Delivery("again", self.line.signal_id, self.line.text)
        self.oracle.expect(again)
        client.sendall(again.text.encode() + b"\n")
        end = time.monotonic() + REST_SECONDS
        while not self.is_at_rest():
            if time.monotonic() > end or not self.daemon.is_alive():
                raise Violation("nothing stays in flight for ever", self.daemon.tail())
            time.sleep(0.01)
        client.settimeout(REST_SECONDS)
        with client.makefile("rb") as lines:
            self.oracle.hear(again, json.loads(lines.readline()))
        client.close()
        self.daemon.kill()
        scene = self.scene()
        self.oracle.check_settled(scene)
        return scene

    def in_doubt(self, scene):
        """The signals whose orders may have left when the daemon ended like this: they are looked for,
        and not sent again."""
        armed = {o["signal_id"] for o in scene.orders.values() if o["status"] in IN_DOUBT}
        return armed | {
            d.signal_id for d in (self.file, self.line)
            if self.oracle.is_looked_for(d.signal_id)
        }  # fmt: skip

    def check_placed(self, scene, in_doubt=frozenset()):
        """Every signal has its order; of those in doubt it may be missing, and is then said so."""
        if self.file.file in scene.rejected:
            raise Violation("a good file is not refused", self.file)
        for delivery in (self.file, self.line):
            name = client_order_id(delivery.signal_id)
            if name in scene.placed:
                continue
            status = self.oracle.status_of(scene, delivery.signal_id)
            if status != "not_found" or delivery.signal_id not in in_doubt:
                raise Violation("a good signal is placed", f"{name}: {status}")


# MARK: Points


@dataclasses.dataclass
class Point:
    """The n-th call of its name on its file in a life, whichever thread makes it."""

    call: tracer.Call
    number: int
    # Which of all calls of the life it is.
    place: int

    def __str__(self):
        return f"{self.call}, call {self.number}"

    @property
    def folder(self):
        return f"{self.call.name}-{self.place}"


def baseline(binaries, home):
    """The names of the system calls that a life makes, by number; every call as a point; and how many of
    those that change something are none, by strace's count of a life like it."""
    simulator = Simulator(binaries, 1, Simulator.CALM)
    try:
        told = told_by_strace(binaries, simulator, os.path.join(home, "strace"))
        names = dict(told)
        path = os.path.join(home, "calls")
        undisturbed(binaries, simulator, home, traced(names, "record", path))
    finally:
        simulator.stop()
    counts = collections.Counter()
    points = []
    with open(path, encoding="utf-8") as file:
        for place, line in enumerate(file, 1):
            call = tracer.Call(*json.loads(line))
            counts[call] += 1
            points.append(Point(call, counts[call], place))
    shutil.rmtree(home)
    missing = collections.Counter(name for _, name in told if name in CHANGES)
    missing.subtract(point.call.name for point in points)
    return names, points, sum((+missing).values())


def told_by_strace(binaries, simulator, home):
    """The number and the name of each call. Another life may make one that this one does not."""
    path = os.path.join(home, "trace")
    undisturbed(binaries, simulator, home, ["strace", "-f", "-qq", "-n", "-o", path])
    with open(path, encoding="utf-8", errors="replace") as file:
        return re.findall(r"^\d+ +\[ *(\d+)\] ([a-z0-9_]+)\(", file.read(), re.MULTILINE)


def undisturbed(binaries, simulator, home, under):
    life = Life(binaries, simulator, os.path.basename(home), os.path.join(home, LIFE))
    if life.live(under):
        raise Trouble("the daemon was killed without being told to")
    life.oracle.check_settled(life.scene())


def traced(names, *what):
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tracer.py")
    return [sys.executable, program, json.dumps(names), *what]


def run_each(binaries, seed, folder, points, run):
    """Calls `run(simulator, point, home)` for each of `points`, which are (folder, title, point):
    over one simulated exchange, and in a folder of its own, which stays when it fails. Returns the
    failures as text."""
    failures = []
    simulator = Simulator(binaries, seed, Simulator.CALM)
    try:
        for name, title, point in points:
            home = os.path.join(folder, name)
            os.makedirs(home)
            try:
                run(simulator, point, home)
            except Exception as error:  # whatever it was is reported
                failures.append(f"{title}, kept in {home}: {error!r}"[:3000])
            else:
                shutil.rmtree(home)
    finally:
        simulator.stop()
    return failures


def run_points(binaries, seed, points, folder, names):
    """Runs some points. Returns how many killed and how many were not reached, the calls that were
    struck, the orders and the ends without one; the windows; and failures as text."""
    begin_job()
    result = collections.Counter(killed=0, not_reached=0, orders=0)
    tally = windows.tally()

    def run(simulator, point, home):
        aim = traced(names, "strike", point.call.name, point.call.file, str(point.number))
        run_point(binaries, simulator, (aim, point), home, result, tally)

    named = [(point.folder, str(point), point) for point in points]
    failures = run_each(binaries, seed, folder, named, run)
    return result, tally, failures


def run_point(binaries, simulator, aim, home, result, tally):
    under, point = aim
    life = Life(binaries, simulator, point.folder, os.path.join(home, LIFE))
    try:
        if life.live(under):
            result["killed"] += 1
            result[f"{STRUCK}{point.call}"] += 1
            scene = life.scene()
            tally.update(windows.found_by(scene, [life.file], [life.line]))
            life.oracle.check(scene)
            in_doubt = life.in_doubt(scene)
        else:
            result["not_reached"] += 1
            in_doubt = set()
        scene = life.recover()
        life.check_placed(scene, in_doubt)
        result["orders"] += len(scene.placed)
        result.update(ends.without_order(life.oracle, scene))
    finally:
        holder = life.daemon.lock_holder()
        if life.daemon.is_alive():
            if holder is not None:
                os.kill(holder, signal.SIGKILL)
            life.daemon.kill()


def never_struck(points, counts):
    """The calls that change something and that no kill prevented, of all that were to be."""
    calls = {point.call for point in points if point.call.name in CHANGES}
    return sorted(str(call) for call in calls if not counts[f"{STRUCK}{call}"])
