"""The dangerous windows: what a kill left behind, by the record, the folders and the ledger."""

import collections

from oracle import client_order_id

IN_THE_SPOOL = "file in incoming, nothing durable"
NOT_MOVED = "durable, file still in incoming"
NOT_ANSWERED = "durable, socket not answered"
NEW = "accepted, no order armed"
REFUSED = "refused, still to be sent"
ARMED_PLACED = "armed and at the exchange, answer not recorded"
ARMED_ABSENT = "armed, not (yet) at the exchange"
LEFT_UNARMED = "at the exchange, its arming not on record"
LEFT_UNKNOWN = "at the exchange, its signal not on record"
LOST_ANSWER = "answer lost, being looked up"
WORKING = "at the exchange, not at its end"
CANCELLING = "cancel asked for, not at its end"
REPORT_ONLY = "report written, file not moved"
ENDED_NOT_MOVED = "at its end, file still in active"
NOT_FOUND = "not found, watched"
BEFORE_READY = "killed in the start, before signals are taken"
RECONCILING = "killed in the start, orders being reconciled"
IN_RECOVERY_2 = "killed twice in a row in the start"
IN_RECOVERY_3 = "killed three times in a row in the start"

# Windows that a run must have hit, each with how many of 1,000 kills must have found it, at least.
REQUIRED_PER_THOUSAND = {
    IN_THE_SPOOL: 10, NOT_MOVED: 3, NOT_ANSWERED: 3, NEW: 10, ARMED_PLACED: 10, ARMED_ABSENT: 10,
    LOST_ANSWER: 20, WORKING: 50, ENDED_NOT_MOVED: 1, NOT_FOUND: 5, REFUSED: 10,
    BEFORE_READY: 20, RECONCILING: 20, IN_RECOVERY_2: 5, IN_RECOVERY_3: 1,
}  # fmt: skip

# The same of 1,000 power cuts, and two more: orders that had left, and what was written between that and
# the next sync is lost. A kill finds these only before the database is written.
REQUIRED_OF_CUTS = {**REQUIRED_PER_THOUSAND, LEFT_UNARMED: 20, LEFT_UNKNOWN: 20}

# Those that are too narrow for random kills, and those that two calm orders come through: each must have
# been found by the kills before every system call.
OF_POINTS = (
    IN_THE_SPOOL, NOT_MOVED, NOT_ANSWERED, NEW, ARMED_PLACED, ARMED_ABSENT, ENDED_NOT_MOVED, REPORT_ONLY,
)  # fmt: skip

ALL = [*REQUIRED_OF_CUTS, CANCELLING, REPORT_ONLY]


def found_by(scene, deliveries, lines):
    """The windows that this kill hit; `lines` are those that the socket got in this life."""
    hit = set()
    if any(d.answer is None and d.signal_id in scene.signals for d in lines):
        hit.add(NOT_ANSWERED)
    for delivery in deliveries:
        record = scene.signals.get(delivery.signal_id)
        name = client_order_id(delivery.signal_id)
        if record is None and name in scene.placed:
            hit.add(LEFT_UNKNOWN)
        if delivery.file is None:
            continue
        if delivery.file in scene.incoming:
            if record is None:
                hit.add(IN_THE_SPOOL)
            elif record["origin"] == delivery.file.encode():
                hit.add(NOT_MOVED)
        if delivery.file in scene.incoming | scene.active:
            reports = {delivery.file + ".result.json", delivery.file + ".reason.json"}
            if reports & (scene.done | scene.rejected):
                hit.add(REPORT_ONLY)
        order = scene.orders.get(name)
        if delivery.file in scene.active and order and order["status"] in ENDS:
            hit.add(ENDED_NOT_MOVED)
    for name, order in scene.orders.items():
        window = of_order(order, name in scene.placed)
        if window:
            hit.add(window)
        if order["cancel_requested"] and order["status"] in ("open", "partially_filled"):
            hit.add(CANCELLING)
    return hit


ENDS = {"filled", "canceled", "partially_canceled", "denied", "expired", "rejected"}


def of_order(order, is_placed):
    match order["status"]:
        case "new" if is_placed:
            return LEFT_UNARMED
        case "new":
            return REFUSED if order["last_attempt"] == "order_may_retry" else NEW
        case "submitted":
            return ARMED_PLACED if is_placed else ARMED_ABSENT
        case "unknown":
            return LOST_ANSWER
        case "open" | "partially_filled":
            return WORKING
        case "not_found":
            return NOT_FOUND
    return None


def of_start(was_ready, was_open, outstanding, depth):
    """The windows of a kill that came while the daemon was starting; `depth` counts such kills."""
    hit = set()
    if not was_ready:
        hit.add(BEFORE_READY)
    elif not was_open and outstanding:
        hit.add(RECONCILING)
    if not was_open and depth >= 2:
        hit.add(IN_RECOVERY_2)
    if not was_open and depth >= 3:
        hit.add(IN_RECOVERY_3)
    return hit


def missed(tally, kills, required):
    """The required windows that were hit too seldom: name, hits, and what was required."""
    misses = []
    for name, per_thousand in required.items():
        needed = per_thousand * kills // 1000
        # A short run must at least have seen the wide ones.
        needed = max(needed, 1 if per_thousand >= 10 and kills >= 100 else 0)
        if tally[name] < needed:
            misses.append((name, tally[name], needed))
    return misses


def tally():
    return collections.Counter({name: 0 for name in ALL})
