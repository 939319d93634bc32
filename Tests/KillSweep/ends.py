"""What became of the good signals that the exchange has no order of, counted."""

import collections

from oracle import client_order_id

# Before the end's name, among other counts.
PREFIX = "without order: "


def without_order(oracle, scene):
    good = {d.signal_id for d in oracle.deliveries if d.kind == "good"}
    found = collections.Counter()
    for signal_id in good:
        if client_order_id(signal_id) not in scene.placed:
            found[PREFIX + (oracle.status_of(scene, signal_id) or "never taken")] += 1
    return found


def put(counts, oracle, scene):
    """Of a whole run so far: in place of what was counted before."""
    for name in [name for name in counts if name.startswith(PREFIX)]:
        del counts[name]
    counts.update(without_order(oracle, scene))


def told(counts):
    found = {
        name.removeprefix(PREFIX): count for name, count in sorted(counts.items())
        if name.startswith(PREFIX)
    }  # fmt: skip
    listed = ", ".join(f"{count} {end}" for end, count in found.items())
    return f"{sum(found.values())} ({listed})" if found else "0"
