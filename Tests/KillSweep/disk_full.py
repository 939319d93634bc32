"""The disk is full at every write of a life: strace answers for the kernel, "no space left".

Each call that needs room on the disk fails once by itself, and once together with all that follow
until the room is back. The journal is left alone: under systemd it is another program's file.
"""

import collections
import dataclasses
import json
import os
import random
import re
import shutil
import signal
import time

import ends
from oracle import Violation
from processes import PATIENCE_SECONDS, Simulator, Trouble, begin_job, deliver_file
from producer import Delivery
from syscall_points import LIFE_SECONDS, Life, run_each

# What writes, or makes durable, or moves.
WRITES = {
    "write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync", "fdatasync", "sync_file_range",
    "ftruncate", "fallocate", "rename", "renameat", "renameat2", "link", "linkat", "symlinkat",
}  # fmt: skip
# What makes a name, or only opens what is there: strace cannot tell these apart beforehand, so
# they fail only at the point itself.
MAKES = {"open", "openat", "mkdir", "mkdirat"}
ONCE = "once"
FOR_A_WHILE = "for a while"
# The daemon tries its database every second: at least one try finds the disk still full.
FULL_SECONDS = 1.2
AGAIN_SECONDS = 0.1
# The daemon's words for it: SQLite does not always hand out why the system refused. A start may
# have none (SQLite's index file), and says at least that it did not come about.
REASONS = ("the disk is full", "the disk or the memory failed", "No space left on device")
# Where an order can end up armed and not sent: the log holds the commit though it could not be
# synced, or the commit is durable and the mark is not. It counts as sent: looked for, alarmed
# about, and never sent again.
ARMING = re.compile(r"fdatasync\(.*-wal>|state\.db\.high-water")
LINE = re.compile(r"(\d+) +([a-z0-9_]+)\((.*)")
# Of a descriptor, or an argument.
PATH = re.compile(r'<(/[^>]*)>|"(/[^"]*)"')


@dataclasses.dataclass
class Point:
    """The n-th call of its name that a thread makes, and the file that it concerned."""

    call: str
    number: int
    file: str
    form: str
    # On which paths such calls were counted: once, on that of the file alone, since several threads
    # reach the same number and strace would make the first of them fail.
    paths: list
    # How often the thread had made each call by then.
    before: dict

    def __str__(self):
        return f"{self.call}-{self.number} {self.form} ({self.file})"

    @property
    def folder(self):
        return f"{self.call}-{self.number}-{self.form}-{self.file}".replace(" ", "-")

    def injections(self):
        fails = {self.call: f"{self.number}"}
        if self.form == FOR_A_WHILE:
            for call in WRITES & self.before.keys():
                fails[call] = f"{self.before[call] + 1}+"
        return [f"inject={call}:error=ENOSPC:when={when}" for call, when in fails.items()]


def strace(trace, home, paths, injections=()):
    """Only calls on these paths in the folder are traced, counted and made to fail; all without."""
    names = ",".join("?" + name for name in sorted(WRITES | MAKES))
    # In the background and open to signals: told to end, it leaves the daemon to itself.
    command = ["strace", "-D", "-I2", "-f", "-qq", "-y", "-s", "0", "-o", trace]
    for path in paths or ():
        command += ["-P", home + path]
    for expression in [f"trace={names}", *injections]:
        command += ["-e", expression]
    return command


def parse_all(lines):
    """Of each call its thread, its name, and the rest. Where another thread comes in between, the line
    that says how the call ended repeats neither paths nor arguments."""
    return [match.groups() for match in map(LINE.match, lines) if match]


def paths_of(rest, home):
    """The paths among a call's arguments that lie in the folder, as they go on there."""
    named = rest.rpartition(" = ")[0] or rest
    paths = ("".join(pair) for pair in PATH.findall(named))
    return [
        path.removeprefix(home) for path in paths
        if path.startswith(home) and not path.endswith(".log")
    ]  # fmt: skip


def file_of(paths):
    """The name of the last one."""
    return os.path.basename(paths[-1]) or "the folder"


def needs_room(call, rest):
    if call in ("open", "openat"):
        return "O_CREAT" in rest
    if call in ("mkdir", "mkdirat"):
        # One that is there already is found before room is asked for.
        return rest.endswith("= 0")
    return True


# MARK: A life


class Sender:
    """A producer at the socket: sends its line again while that is refused for want of room."""

    def __init__(self, client, life):
        self.client = client
        self.life = life
        self.received = b""
        self.refusals = 0
        self.is_answered = False
        self.send_at = 0.0
        self.waiting = None
        client.setblocking(False)

    def work(self):
        """Sends when it is time, and hears what was answered."""
        try:
            if self.waiting is None and not self.is_answered and time.monotonic() > self.send_at:
                self.waiting = self.life.again(self.life.line)
                self.client.sendall(self.waiting.text.encode() + b"\n")
            part = self.client.recv(65536)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            return
        self.received += part
        line, ended, rest = self.received.partition(b"\n")
        if ended:
            self.received = rest
            self.hear(json.loads(line))

    def hear(self, answer):
        self.life.oracle.hear(self.waiting, answer)
        self.waiting = None
        if answer["code"] == "storage_unavailable":
            self.refusals += 1
            self.send_at = time.monotonic() + AGAIN_SECONDS
        else:
            self.is_answered = True


class FullLife(Life):
    """A life in which the disk is full for a call, or for a while."""

    def __init__(self, binaries, simulator, name, home):
        super().__init__(binaries, simulator, name, home)
        self.trace = os.path.join(home, "trace")
        self.refusals = 0
        self.ended = False

    def again(self, delivery):
        again = Delivery("again", delivery.signal_id, delivery.text)
        self.oracle.expect(again)
        return again

    def live(self, under):
        """The life under strace, to its own end or until it is told to stop at rest."""
        deliver_file(self.daemon.spool, self.file.file, self.file.text)
        self.daemon.start(under)
        client = self.daemon.connect(LIFE_SECONDS)
        if client is not None:
            with client:
                self.live_to_rest(Sender(client, self))
        status = self.daemon.process.wait(PATIENCE_SECONDS)
        self.check_end(status)

    def live_to_rest(self, sender):
        end = time.monotonic() + LIFE_SECONDS
        full_until = None
        while self.daemon.is_alive():
            now = time.monotonic()
            if now > end:
                raise Violation("nothing stays in flight for ever", self.daemon.tail())
            if full_until is None and self.hits():
                full_until = now + FULL_SECONDS
            if full_until is not None and now > full_until:
                self.give_room_back()
            sender.work()
            if sender.is_answered and self.is_at_rest():
                self.daemon.process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.01)
        else:
            sender.work()
        self.refusals = sender.refusals

    def check_end(self, status):
        self.ended = status != 0
        said = self.daemon.said()
        is_told = any(reason in said for reason in REASONS)
        if self.ended and (status != 1 or not is_told and "not started: " not in said):
            raise Violation("who ends says why", f"{status}: {self.daemon.tail()}")
        if self.refusals and not is_told:
            raise Violation("a full disk is told of", self.daemon.tail())

    def in_doubt(self, scene):
        """Where the disk failed when an order was armed, either may be meant."""
        if any(ARMING.search(line) for line in self.hits()):
            return {self.file.signal_id, self.line.signal_id}
        return set()

    # MARK: strace

    def hits(self):
        """The lines of the calls that failed in the kernel's place."""
        try:
            with open(self.trace, encoding="utf-8", errors="replace") as file:
                return [line for line in file if line.endswith("(INJECTED)\n")]
        except FileNotFoundError:
            return []

    def give_room_back(self):
        """Ends strace; the daemon goes on without it."""
        with open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii") as file:
            tracer = int(re.search(r"TracerPid:\s+(\d+)", file.read())[1])
        if tracer:
            try:
                os.kill(tracer, signal.SIGTERM)
            except ProcessLookupError:
                # The daemon has just ended, and strace with it.
                pass


# MARK: Points


def baseline(binaries, home):
    """Every point of a life in either form."""
    simulator = Simulator(binaries, 1, Simulator.CALM)
    try:
        calls = trace_a_life(binaries, simulator, os.path.join(home, "paths"), None)
        paths = sorted({path for *_, is_point, touched in calls if is_point for path in touched})
        calls = trace_a_life(binaries, simulator, os.path.join(home, "points"), paths)
    finally:
        simulator.stop()
    shutil.rmtree(home)
    writes = WRITES & {call for _, call, *_ in calls}
    counts = collections.defaultdict(lambda: collections.Counter(dict.fromkeys(writes, 0)))
    on_path = collections.Counter()
    points = {}
    for thread, call, is_point, touched in calls:
        before = dict(counts[thread])
        counts[thread][call] += 1
        on_path.update((thread, call, path) for path in set(touched))
        if is_point:
            path, file = touched[-1], file_of(touched)
            for point in (
                Point(call, on_path[thread, call, path], file, ONCE, [path], {}),
                Point(call, counts[thread][call], file, FOR_A_WHILE, paths, before),
            ):
                # Threads that do the same on the same file are one point: it fails in each.
                points.setdefault(str(point), point)
    return list(points.values())


def trace_a_life(binaries, simulator, home, paths):
    """The calls of an undisturbed life that concern its folder, or only these paths in it: thread,
    name, whether it needs room, and the paths."""
    life = FullLife(binaries, simulator, os.path.basename(home), home)
    life.live(strace(life.trace, home, paths))
    if life.ended:
        raise Trouble(f"the daemon ended though nothing failed: {life.daemon.tail()}")
    life.oracle.check_settled(life.scene())
    life.check_placed(life.scene())
    calls = []
    with open(life.trace, encoding="utf-8", errors="replace") as file:
        for thread, call, rest in parse_all(file):
            touched = paths_of(rest, home)
            if touched:
                calls.append((thread, call, needs_room(call, rest), touched))
    return calls


def choose(points, every, seed):
    """Every N-th point, and one of each call on each file by itself."""
    points = random.Random(seed).sample(points, len(points))
    if every == 1:
        return points
    # By number: the first one comes in every life.
    by_number = sorted(points, key=lambda p: -p.number)
    first = {(p.call, p.file): p for p in by_number if p.form == ONCE}
    return [*first.values(), *(p for p in points[::every] if p not in first.values())]


def run_points(binaries, seed, points, folder):
    """Runs some points. Returns what came of them, in how many a call on a file failed, and
    failures as text."""
    begin_job()
    counts = collections.Counter(hit=0, ended=0, went_on=0, refused=0, orders=0)
    hits = collections.Counter()

    def run(simulator, point, home):
        run_point(binaries, simulator, point, home, counts, hits)

    named = [(point.folder, str(point), point) for point in points]
    failures = run_each(binaries, seed, folder, named, run)
    return counts, hits, failures


def run_point(binaries, simulator, point, home, counts, hits):
    life = FullLife(binaries, simulator, point.folder, home)
    try:
        life.live(strace(life.trace, home, point.paths, point.injections()))
        failed = {
            (call, file_of(paths_of(rest, home))) for _, call, rest in parse_all(life.hits())
        }  # fmt: skip
        if failed:
            hits.update(failed)
            counts["hit"] += 1
            counts["ended"] += life.ended
            counts["went_on"] += "the database takes writes again" in life.daemon.said()
            counts["refused"] += life.refusals
        life.oracle.check(life.scene())
        scene = life.recover()
        life.check_placed(scene, life.in_doubt(scene))
        counts["orders"] += len(scene.placed)
        counts.update(ends.without_order(life.oracle, scene))
    finally:
        if life.daemon.is_alive():
            life.daemon.kill()
