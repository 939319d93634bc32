"""The daemon lives, and its connections do not: requests and streams are cut at random."""

import decimal
import json
import os
import time

import ends
from fault_plans import LISTS, LOOK, PLACE, PLACE_TOGETHER, rule
from oracle import Scene, Violation, at_exchange, number, on_record
from processes import PATIENCE_SECONDS, begin_job
from random_kills import World
from record import read_database

# Between two comparisons with the exchange.
STRETCH_SECONDS = 20.0
# The longest that a fill may stay unknown once nothing goes wrong any more: between two look-ups of an
# order of which the stream told nothing, ten minutes at most, and a crowded machine.
COMPARISON_SECONDS = 660.0
# How many hand-overs are bursts.
BURST_SHARE = 0.05
# The exchange fills multiples of these only.
STEPS = {"BTCUSDT": "0.000001", "ETHUSDT": "0.00001", "LINKUSDT": "0.01", "MXUSDT": "0.01"}
# What an order that nobody has placed, or that nobody knows of, must not stay.
UNSETTLED = ("new", "submitted", "unknown")


def cuts(fate):
    """Connections end, pushes get lost, come twice, late or in another order."""
    rules = [
        rule(LOOK, "lost_before", fate, 0.1),
        rule(LOOK, "lost_after", fate, 0.1),
    ]
    for route in (PLACE, PLACE_TOGETHER):
        rules += [
            rule(route, "lost_before", fate, 0.05, how=fate.choice(["close", "reset"])),
            rule(route, "lost_after", fate, 0.05, how=fate.choice(["close", "reset"])),
            rule(route, "truncated", fate, 0.03, at_byte=fate.randint(0, 200)),
        ]
    rules += [rule(route, "lost_before", fate, 0.1) for route in LISTS]
    for stream, share in [("market", 0.004), ("user", 0.06)]:
        for fault, keys in [
            ("stream_drop", {}), ("stream_close", {}), ("stream_duplicate", {}),
            ("stream_lag", {"delay_ms": fate.randint(5, 400)}), ("stream_lose", {}),
            ("stream_reorder", {"within_ms": fate.randint(50, 1500)}),
            ("stream_silent", {"for_ms": fate.randint(1000, 8000)}),
            ("stream_unavailable", {}),
        ]:  # fmt: skip
            broken = {**rule("", fault, fate, share, **keys), "stream": stream}
            del broken["route"]
            rules.append(broken)
    return rules


def half_of_rest(order):
    """Zero when less than two steps remain."""
    step = decimal.Decimal(STEPS[order["symbol"]])
    rest = number(order["quantity"]) - number(order["executed_quantity"])
    return rest // (2 * step) * step


class CutWorld(World):
    """One life of the daemon at one exchange."""

    def __init__(self, binaries, seed, home):
        super().__init__(binaries, seed, home)
        self.counts.update(fills=0, comparisons=0, slowest=0.0)
        self.client = None

    def crowds(self, turn):
        return True

    def run(self, minutes):
        self.new_exchange()
        try:
            self.daemon.start()
            self.client = self.daemon.connect()
            if self.client is None:
                raise Violation("the daemon starts", self.daemon.tail())
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end:
                self.simulator.set_faults(cuts(self.fate))
                self.trade(min(end, time.monotonic() + STRETCH_SECONDS))
                self.compare()
            self.end_well()
        finally:
            if self.daemon.is_alive():
                self.daemon.kill()
            self.simulator.stop()

    def trade(self, end):
        while time.monotonic() < end:
            is_burst = self.fate.random() < BURST_SHARE
            for delivery in self.burst() if is_burst else self.producer.batch():
                if delivery.file is None:
                    self.hand_over_line(delivery, self.client)
                    self.oracle.hear(delivery, self.answer())
                else:
                    self.hand_over_file(delivery)
            self.fill_something()
            self.check_evidence()
            time.sleep(self.fate.uniform(0, 0.3))

    def answer(self):
        self.client.settimeout(PATIENCE_SECONDS)
        text = b""
        while not text.endswith(b"\n"):
            part = self.client.recv(65536)
            if not part:
                raise Violation("the daemon goes on", self.daemon.tail())
            text += part
        return json.loads(text)

    def fill_something(self):
        for order in self.simulator.ledger()["orders"]:
            if order["status"] not in ("NEW", "PARTIALLY_FILLED") or self.fate.random() < 0.7:
                continue
            name, half = order["client_order_id"], half_of_rest(order)
            part = self.fate.choice(["", f"&quantity={half:f}" if half else ""])
            status, _ = self.simulator.ask("POST", f"fill?client_order_id={name}{part}")
            self.counts["fills"] += status == 200

    def check_evidence(self):
        """What the record says was true before: it is read first."""
        _, orders = read_database(self.daemon.database)
        placed = {o["client_order_id"]: o for o in self.simulator.ledger()["orders"]}
        for name, order in orders.items():
            self.oracle.check_evidence(name, order, placed.get(name))

    def compare(self):
        """Nothing goes wrong any more: the same life must come to know everything."""
        self.simulator.set_faults([])
        began = time.monotonic()
        while True:
            scene = Scene.take(self.daemon, self.simulator.ledger())
            difference = self.difference(scene)
            if difference is None:
                break
            if not self.daemon.is_alive():
                raise Violation("the daemon goes on", self.daemon.tail())
            if time.monotonic() > began + COMPARISON_SECONDS:
                raise Violation("no fill is missed", f"{difference}\n{self.daemon.tail()}")
            time.sleep(0.05)
        self.oracle.check(scene)
        self.counts["comparisons"] += 1
        self.counts["slowest"] = max(self.counts["slowest"], time.monotonic() - began)
        self.tell(f"compared, after {time.monotonic() - began:.2f} s")

    def difference(self, scene):
        """The first order that is recorded otherwise than the exchange has it."""
        for name, order in scene.orders.items():
            placed = scene.placed.get(name, [None])[0]
            if placed is None:
                if order["status"] in UNSETTLED:
                    return f"{order}, and the exchange has none"
                continue
            if on_record(order) != at_exchange(placed):
                return f"{order}, and at the exchange {placed}"
        return None

    def end_well(self):
        self.cancel_all()
        self.close_working_orders()
        self.compare()
        end = time.monotonic() + COMPARISON_SECONDS
        while not self.is_at_rest():
            if time.monotonic() > end:
                raise Violation("nothing stays in flight for ever", self.daemon.tail())
            time.sleep(0.05)
        self.client.close()
        status = self.daemon.stop()
        if status != 0 or self.daemon.lives != 1:
            raise Violation("one life, which a stop ends with status 0", self.daemon.tail())
        ledger = self.simulator.ledger()
        scene = Scene.take(self.daemon, ledger)
        self.oracle.check_settled(scene)
        ends.put(self.counts, self.oracle, scene)
        self.counts["orders"] = len(ledger["orders"])
        self.counts["batched"] = ledger["counts"]["batched_orders"]
        for name, count in ledger["counts"]["faults"].items():
            self.counts["fault " + name] = count


def run_world(binaries, seed, minutes, home):
    """Runs one world. Returns its counts, and a failure as text or None."""
    begin_job()
    os.makedirs(home, exist_ok=True)
    world = CutWorld(binaries, seed, home)
    try:
        world.run(minutes)
    except Exception as error:  # whatever it was belongs to the story
        return world.counts, world.tell_failure(error, home)
    return world.counts, None
