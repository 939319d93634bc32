"""kill -9 at random moments, again and again in the same folders, with the exchange's faults on."""

import math
import os
import random
import shutil
import time
import traceback

import aims
import back_off
import ends
import windows
from commit_counter import CommitCounter
from fault_plans import faults
from oracle import FINAL, Oracle, Scene, Violation
from processes import Daemon, Simulator, answers_of, begin_job, deliver_file
from producer import Producer

# Cycles in one world, which is one database and one spool; and between two times of rest.
CYCLES_IN_A_WORLD = 60
CYCLES_BETWEEN_RESTS = 30
# "For ever": what is in flight once the faults have stopped needs about five seconds of an idle
# machine (receive window, acceptance deadline, settle time, the last look), and a crowded one takes
# its time.
REST_SECONDS = 240.0
# Longer than any order stays hidden. A start looks for every order that was not found.
OPEN_AT_REST_SECONDS = 8.0
# One of so many exchanges has a daemon that limits its orders; the share of its lives that get a
# burst.
CROWDED_EVERY = 3
BURST_SHARE = 0.5
# How long after its start a life counts no orders of the lives before it any more: what waits then
# leaves together. And how long it gets at the most to come past that.
TURN_SECONDS = 1.05
BURST_SECONDS = 1.4
# How long it gets at the most until orders are asked for together.
TOGETHER_SECONDS = 3.0
# How long a life is given, most of the time, to look up what the one before left behind.
TRADING_SECONDS = 0.5


class World:
    """One database and one spool, carried over many kills."""

    AIMS = aims.OF_KILLS
    # One of so many lives has an aim; the others are killed at random.
    AIM_EVERY = 6

    def __init__(self, binaries, seed, home):
        self.seed = seed
        self.fate = random.Random(seed)
        self.binaries = binaries
        self.daemon = self.make_daemon(home)
        self.oracle = Oracle(self.daemon)
        self.producer = Producer(self.fate, f"w{seed}")
        self.tally = windows.tally()
        self.story = []
        self.began = time.monotonic()
        self.counts = {
            "cycles": 0, "kills": 0, "signals": 0, "orders": 0, "pauses": 0, "late_finds": 0,
            "not_found": 0, "faults": 0, "bursts": 0, "batched": 0,
        }  # fmt: skip
        self.simulator = None
        self.exchanges = 0
        self.started_at = 0.0
        self.is_crowded = False
        self.faults = []
        # Worlds that have few lives do not all have the same aims.
        self.lives = seed
        # When a request that an aim has held up has arrived.
        self.arrived_at = 0.0
        self.earlier = []
        self.depth = 0
        self.last_statuses = {}
        # When the present life opened trading, while the world comes to rest.
        self.opened_at = math.inf

    def tell(self, text):
        self.story.append(f"{time.monotonic() - self.began:9.3f} s  {text}")

    def make_daemon(self, home):
        return Daemon(self.binaries, home)

    def die(self, client):
        """Ends the daemon, and returns what it had answered on a connection by then."""
        self.daemon.kill()
        return [] if client is None else answers_of(client)

    # MARK: The run

    def run(self, cycles):
        self.new_exchange()
        try:
            for cycle in range(1, cycles + 1):
                self.cycle()
                if cycle % CYCLES_BETWEEN_RESTS == 0 or cycle == cycles:
                    self.rest()
                    self.new_exchange()
        finally:
            if self.daemon.is_alive():
                self.daemon.kill()
            self.simulator.stop()

    def new_exchange(self):
        if self.simulator is not None:
            ledger = self.simulator.ledger()
            self.earlier += ledger["orders"]
            self.counts["faults"] += sum(ledger["counts"]["faults"].values())
            self.counts["batched"] += ledger["counts"]["batched_orders"]
            self.simulator.stop()
        seed = self.fate.randrange(1 << 31)
        self.simulator = Simulator(self.binaries, seed)
        # In turns, so that a short run has both.
        self.is_crowded = self.crowds(self.seed + self.exchanges)
        self.exchanges += 1
        self.daemon.configure(self.simulator.port, limits_orders=self.is_crowded)
        self.faults = faults(self.fate)
        self.simulator.set_faults(self.faults)
        self.oracle.back_off_allowance = 0
        self.tell(f"a new exchange, seed {seed}")

    def crowds(self, turn):
        """Whether the daemon limits its orders at this exchange, and gets more than it lets go."""
        return turn % CROWDED_EVERY == 0

    def cycle(self):
        self.counts["cycles"] += 1
        aim = self.next_aim()
        if aim is not None:
            self.simulator.set_faults(aim.faults())
        # Files that wait while the daemon is down.
        elif self.fate.random() < 0.2:
            for delivery in self.producer.batch(files_only=True):
                self.hand_over_file(delivery)
        self.daemon.start()
        self.started_at = time.monotonic()
        self.tell(f"start {self.daemon.lives}")
        # More often after such a kill: several in a row are to come about.
        if aim is None and self.fate.random() < (0.5 if self.depth else 0.3):
            self.kill_in_start()
            return
        client = self.daemon.connect()
        if client is None:
            raise Violation("the daemon starts", self.daemon.tail())
        if aim is None:
            self.feed_and_kill(client)
        else:
            self.aim_and_kill(aim, client)

    def next_aim(self):
        self.lives += 1
        turn, rest = divmod(self.lives, self.AIM_EVERY)
        return self.AIMS[turn % len(self.AIMS)](self) if rest == 0 else None

    def aim_and_kill(self, aim, client):
        lines = aim.stage(client)
        self.tell(f"kill by {type(aim).__name__}")
        self.kill(lines, client)
        self.depth = 0
        self.simulator.set_faults(self.faults)

    def may_demand_back_off(self):
        return not back_off.is_known(self) and time.monotonic() > self.arrived_at

    def wait_for_trading(self, end):
        while time.monotonic() < end and "trading is open" not in self.daemon.said():
            time.sleep(0.002)

    def kill_in_start(self):
        time.sleep(self.fate.choice([0, self.fate.uniform(0, 0.02), self.fate.uniform(0, 0.08)]))
        self.depth += 1
        self.kill([])

    def feed_and_kill(self, client):
        if self.fate.random() < 0.025 and self.may_demand_back_off():
            client.close()
            back_off.demand(self)
            client = self.daemon.connect()
        if self.fate.random() < 0.7:
            self.wait_for_trading(time.monotonic() + TRADING_SECONDS)
        is_burst = self.is_crowded and self.fate.random() < BURST_SHARE
        batch = self.burst() if is_burst else self.producer.batch()
        commits = CommitCounter(self.daemon.database)
        lines = [d for d in batch if d.file is None]
        for delivery in batch:
            if delivery.file is not None:
                self.hand_over_file(delivery)
        for delivery in lines:
            self.hand_over_line(delivery, client)
        if self.fate.random() < 0.05:
            self.cancel_all()
        if is_burst:
            self.wait_for_a_turn()
        self.wait_for_the_moment(commits, batch)
        commits.close()
        self.kill(lines, client)
        self.depth = 0

    def cancel_all(self):
        self.oracle.note_cancel_all()
        answer = self.daemon.operate("cancel-all")
        self.tell(f"cancel-all: {answer.stdout.strip()} {answer.stderr.strip()}")

    def burst(self):
        self.counts["bursts"] += 1
        return self.producer.burst()

    def hand_over_file(self, delivery):
        self.counts["signals"] += 1
        self.oracle.expect(delivery)
        deliver_file(self.daemon.spool, delivery.file, delivery.text)
        self.tell(f"file {delivery.file} ({delivery.kind} {delivery.signal_id})")

    def hand_over_line(self, delivery, client):
        self.counts["signals"] += 1
        self.oracle.expect(delivery)
        client.sendall(delivery.text.encode() + b"\n")
        self.tell(f"line ({delivery.kind} {delivery.signal_id})")

    def wait_for_a_turn(self):
        """Most kills come about when what waited leaves together, some before and after it."""
        turn = max(0.0, self.started_at + TURN_SECONDS - time.monotonic())
        wait = self.fate.choice([0, self.fate.uniform(0, BURST_SECONDS), turn, None, None])
        if wait is None:
            return self.wait_for_orders_together()
        time.sleep(wait)

    def wait_for_orders_together(self):
        before = self.simulator.ledger()["counts"]["batched_orders"]
        end = time.monotonic() + TOGETHER_SECONDS
        while time.monotonic() < end:
            if self.simulator.ledger()["counts"]["batched_orders"] > before:
                return
            time.sleep(0.002)

    def wait_for_the_moment(self, commits, batch):
        """Where in the life of the signals the kill comes."""
        how = self.fate.choice(["time", "time", "soon", "commit", "commit", "report"])
        end = time.monotonic() + 0.2
        files = [d.file for d in batch if d.file is not None]
        if how == "time":
            time.sleep(self.fate.uniform(0, 0.2))
        elif how == "soon":
            time.sleep(self.fate.uniform(0, 0.008))
        elif how == "commit":
            commits.wait(self.fate.randint(1, 10), end)
            # At once, or when the effects of that commit are under way.
            time.sleep(self.fate.choice([0, 0, self.fate.uniform(0, 0.004)]))
        elif files:
            name = os.path.join(self.daemon.spool, "done", self.fate.choice(files))
            while time.monotonic() < end and not os.access(name + ".result.json", os.F_OK):
                pass
        self.tell(f"kill by {how}")

    def kill(self, lines, client=None):
        for delivery, answer in zip(lines, self.die(client), strict=False):
            self.oracle.hear(delivery, answer)
        self.counts["kills"] += 1
        scene = Scene.take(self.daemon, self.simulator.ledger(), self.earlier)
        said = self.daemon.said()
        hit = windows.found_by(scene, self.oracle.deliveries[-60:], lines)
        outstanding = any(o["status"] not in FINAL for o in scene.orders.values())
        was_ready = "ready to take signals" in said
        was_open = "trading is open" in said
        hit |= windows.of_start(was_ready, was_open, outstanding, self.depth)
        if was_open:
            self.depth = 0
        self.tally.update(hit)
        self.tell("killed: " + "; ".join(sorted(hit)))
        self.note_late_finds(scene)
        self.oracle.check(scene)

    def note_late_finds(self, scene):
        for name, order in scene.orders.items():
            before = self.last_statuses.get(name)
            if order["status"] == "not_found" and before != "not_found":
                self.counts["not_found"] += 1
            if before == "not_found" and order["status"] != "not_found":
                self.counts["late_finds"] += 1
            self.last_statuses[name] = order["status"]

    def tell_failure(self, error, folder):
        """Keeps the whole story in the folder, and returns its end."""
        self.tell(f"{type(error).__name__}: {error}")
        if not isinstance(error, Violation):
            self.tell("".join(traceback.format_exception(error)))
        with open(os.path.join(folder, "story.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(self.story) + "\n")
        return "\n".join([f"{type(error).__name__}: {error}", *self.story[-25:-1]])

    # MARK: Rest

    def rest(self):
        """The faults stop; everything must come to rest, and the record must be the ledger."""
        self.simulator.set_faults([])
        self.daemon.start()
        self.opened_at = math.inf
        self.tell("faults off: coming to rest")
        end = time.monotonic() + REST_SECONDS
        self.until("no outcome stays unknown", end, self.nothing_unknown)
        self.close_working_orders()
        self.restart()
        self.until("nothing stays in flight for ever", end, self.is_at_rest)
        if self.fate.random() < 0.5:
            self.daemon.kill()
        else:
            self.until("trading opens", end, lambda: "trading is open" in self.daemon.said())
            status = self.daemon.stop()
            if status != 0:
                raise Violation("a stop ends with status 0", f"{status}\n{self.daemon.tail()}")
        ledger = self.simulator.ledger()
        scene = Scene.take(self.daemon, ledger, self.earlier)
        self.note_late_finds(scene)
        self.oracle.check_settled(scene)
        self.counts["orders"] += len(ledger["orders"])
        ends.put(self.counts, self.oracle, scene)
        self.tell("at rest, all is well")

    def restart(self):
        """Open orders and those not found are looked up at once after a start."""
        self.daemon.kill()
        self.oracle.note_waiting(self.scene())
        self.counts["kills"] += 1
        self.daemon.start()
        self.opened_at = math.inf

    def until(self, promise, end, holds):
        while not holds():
            if not self.daemon.is_alive():
                raise Violation("the daemon goes on", self.daemon.tail())
            if time.monotonic() > end:
                raise Violation(promise, self.daemon.tail())
            self.note_opening()
            if time.monotonic() > self.opened_at + OPEN_AT_REST_SECONDS:
                self.restart()
            time.sleep(0.1)

    def note_opening(self):
        if self.opened_at == math.inf and "trading is open" in self.daemon.said():
            self.opened_at = time.monotonic()

    def scene(self):
        return Scene.take(self.daemon, self.simulator.ledger(), self.earlier)

    def nothing_unknown(self):
        scene = self.scene()
        if any(not name.startswith(".") for name in scene.incoming):
            return False
        return not any(
            o["status"] in ("new", "submitted", "unknown") for o in scene.orders.values())

    def close_working_orders(self):
        if self.fate.random() < 0.5:
            self.cancel_all()
            time.sleep(self.fate.uniform(0, 0.02))
        for order in self.simulator.ledger()["orders"]:
            if order["status"] in ("NEW", "PARTIALLY_FILLED"):
                self.simulator.fill(order["client_order_id"])

    def is_at_rest(self):
        scene = self.scene()
        if not self.oracle.is_settled(scene):
            return False
        # A late find may still be on its way.
        return not any(
            o["status"] == "not_found" and name in scene.placed for name, o in scene.orders.items())


def run_world(binaries, seed, cycles, home):
    """Runs one world. Returns its counts, its tally, and a failure as text or None."""
    begin_job()
    world = World(binaries, seed, home)
    failure = None
    try:
        world.run(cycles)
    except Exception as error:  # whatever it was belongs to the story
        failure = world.tell_failure(error, home)
    else:
        shutil.rmtree(home)
    return world.counts, world.tally, failure
