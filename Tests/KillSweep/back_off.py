"""The exchange says "wait"; once that is durable, no life of the daemon asks anything."""

import time

from fault_plans import LATEST_MS
from oracle import Violation
from processes import PATIENCE_SECONDS
from record import read_ban

# A demand for a back-off is met by at most one request on each connection: six of the present life, and
# six of the one that was killed before. That none carries a second one is counted by the simulator.
ON_THE_WIRE = 12
# A start may have to wait for the limits' window before it asks for anything.
DEMAND_SECONDS = 3


def demand(world):
    """Returns when it is known and what was on the wire has arrived; the daemon may have been killed."""
    before = requests_inside(world)
    world.simulator.demand_back_off(DEMAND_SECONDS)
    demanded_at = time.monotonic()
    probe = world.producer.fresh("good")
    probe.file = probe.signal_id + ".json"
    world.hand_over_file(probe)
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_known(world):
        if time.monotonic() > end:
            raise Violation("a demand for a back-off is remembered", world.daemon.tail())
        if time.monotonic() > demanded_at + DEMAND_SECONDS:
            world.simulator.demand_back_off(DEMAND_SECONDS)
            demanded_at = time.monotonic()
        time.sleep(0.001)
    world.counts["pauses"] += 1
    world.tell(f"the exchange demands a back-off for {DEMAND_SECONDS} s")
    # What was on the wire when the demand came does not count; some of it is late.
    time.sleep(2 * LATEST_MS / 1000)
    world.oracle.back_off_allowance = requests_inside(world)
    if world.oracle.back_off_allowance - before > ON_THE_WIRE:
        raise Violation(
            "no request inside a pause",
            f"{world.oracle.back_off_allowance - before} after the demand: {world.daemon.tail()}",
        )
    if world.fate.random() < 0.7:
        world.daemon.kill()
        world.oracle.note_waiting(world.scene())
        world.counts["kills"] += 1
        world.daemon.start()
        world.tell("killed and started inside the back-off")
        time.sleep(world.fate.uniform(0.05, 0.3))


def requests_inside(world):
    counts = world.simulator.ledger()["counts"]
    return counts["inside_pause"] + counts["inside_ban"]


def is_known(world):
    base = read_ban(world.daemon.database)
    return base is not None and base > time.time()
