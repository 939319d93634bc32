"""Kills that wait for a window: they come when it is seen to stand open, not after a time.

How long a window stands open depends on the disk and the processor, and after a power cut on what was
synced meanwhile: on a fast disk the record of an arming is synced, or lost, in less time than random
cuts are apart. So the exchange holds up one order, and the daemon is made to sync when it must have
synced.
"""

import json
import time

from fault_plans import CLOCK, OUTSIDE_WINDOW, PLACE, PLACE_TOGETHER, PRICE, refusal
from oracle import Violation, client_order_id
from processes import PATIENCE_SECONDS
from producer import MARKETS
from record import read_database

# A start looks for the orders of before, and an order waits for its turn and the end of a back-off.
LEAVES_SECONDS = 20.0
# Longer than a kill takes once the order is armed, and shorter than the daemon waits for an answer.
HELD_MS = 3000
# As long, and longer than the receive window: a request that is under way for so long makes no order.
NEVER_MS = (2000, 3000)
# Well within it: such a request makes an order, in the next life of the daemon at the latest.
STILL_MS = (300, 800)
# Longer than it takes to have a signal accepted and another one refused.
PRICE_MS = 800


class Aim:
    """One life in which one order of one symbol is led into a window."""

    def __init__(self, world):
        self.world = world
        self.symbol = world.fate.choice(list(MARKETS))
        self.order = None
        self.lines = []

    def faults(self):
        """The plan that is in force from before the start on, in place of the drawn one."""
        raise NotImplementedError

    def stage(self, client):
        """Returns what was handed over on this connection, with the window open, unless it failed."""
        self.world.wait_for_trading(time.monotonic() + LEAVES_SECONDS)
        # The first turn of a life is synced, whatever it has.
        self.sync()
        self.hand_over(client)
        self.lead()
        return self.lines

    def lead(self):
        raise NotImplementedError

    def hand_over(self, client):
        delivery = self.world.producer.fresh("good", self.symbol)
        self.order = client_order_id(delivery.signal_id)
        self.lines.append(delivery)
        self.world.producer.earlier.append(delivery)
        self.world.hand_over_line(delivery, client)

    def sync(self):
        """A refusal is told when it is on the disk, and with it all that was recorded before."""
        late = self.world.producer.fresh(
            "expired", expires_at="2020-01-01T00:00:00Z", ttl_seconds=None)
        link = self.world.daemon.connect()
        if link is None:
            raise Violation("the daemon goes on", self.world.daemon.tail())
        with link, link.makefile("rb") as answers:
            self.world.hand_over_line(late, link)
            link.settimeout(PATIENCE_SECONDS)
            answer = answers.readline()
        if not answer:
            raise Violation("the daemon goes on", self.world.daemon.tail())
        self.world.oracle.hear(late, json.loads(answer))

    def wait_for(self, holds):
        end = time.monotonic() + LEAVES_SECONDS
        while time.monotonic() < end:
            if holds():
                return
            time.sleep(0.001)
        self.world.tell(f"{type(self).__name__} missed")

    def on_record(self):
        return read_database(self.world.daemon.database)[1].get(self.order, {"status": None})

    def is_armed(self):
        return self.on_record()["status"] == "submitted"

    def is_placed(self):
        placed = self.world.simulator.ledger()["orders"]
        return any(order["client_order_id"] == self.order for order in placed)

    def held_up(self, process, delay_ms):
        """The exchange acts on the order after the delay, or before it and answers then."""
        return [
            {"route": route, "symbol": self.symbol, "fault": "late", "process": process,
             "delay_ms": delay_ms}
            for route in (PLACE, PLACE_TOGETHER)
        ]  # fmt: skip


class ArmedAbsent(Aim):
    """The arming is synced, and the request is still under way."""

    def faults(self):
        self.delay_ms = self.world.fate.randint(*self.world.fate.choice([NEVER_MS, STILL_MS]))
        return self.held_up("after", self.delay_ms)

    def lead(self):
        self.wait_for(self.is_armed)
        # Until then no back-off is demanded: this request was sent before.
        self.world.arrived_at = time.monotonic() + self.delay_ms / 1000
        self.sync()


class Placed(Aim):
    """The exchange has the order, and nothing has told the daemon."""

    def faults(self):
        return [*self.held_up("before", HELD_MS), {"stream": "user", "fault": "stream_lose"}]

    def lead(self):
        self.wait_for(self.is_placed)


class ArmedPlaced(Placed):
    """The arming is synced, and the answer is not there."""

    def lead(self):
        super().lead()
        self.wait_for(self.is_armed)
        self.sync()


class ArmingLost(Placed):
    """The signal is synced while its price is asked for; the arming after it is not."""

    def faults(self):
        return [
            *super().faults(),
            {"route": PRICE, "fault": "late", "delay_ms": PRICE_MS},
            {"stream": "market", "fault": "stream_unavailable"},
        ]

    def hand_over(self, client):
        super().hand_over(client)
        self.wait_for(lambda: self.on_record()["status"] is not None)
        self.sync()


class Refused(Aim):
    """The exchange's refusal is synced, and the clock is asked for before the order is sent again."""

    def faults(self):
        return []

    def hand_over(self, client):
        # Only now: the start asks for the clock, too.
        refused = {"fault": "answer", "symbol": self.symbol, **refusal(700003, OUTSIDE_WINDOW)}
        self.world.simulator.set_faults([
            {"route": PLACE, **refused}, {"route": PLACE_TOGETHER, **refused},
            {"route": CLOCK, "fault": "late", "delay_ms": HELD_MS},
        ])  # fmt: skip
        super().hand_over(client)

    def lead(self):
        self.wait_for(lambda: self.on_record().get("last_attempt") == "order_may_retry")
        self.sync()


# A killed process loses nothing that it wrote: the two that nothing syncs are for power cuts.
OF_KILLS = (ArmedAbsent, Refused, ArmedPlaced)
OF_CUTS = (ArmedAbsent, Placed, ArmingLost, ArmedPlaced, Refused)
