"""What goes wrong at the exchange, drawn anew for every exchange."""

# The longest that a request is under way.
LATEST_MS = 120
PLACE = "POST /api/v3/order"
LOOK = "GET /api/v3/order"
LISTS = ["GET /api/v3/openOrders", "GET /api/v3/allOrders", "GET /api/v3/myTrades"]


def faults(fate):
    """A plan in which about a third of the placements and a tenth of the look-ups go wrong."""
    rules = [
        rule(PLACE, "lost_before", fate, 0.06, how=fate.choice(["close", "reset"])),
        rule(PLACE, "lost_after", fate, 0.05, how=fate.choice(["close", "reset"])),
        rule(PLACE, "late", fate, 0.15, delay_ms=fate.randint(5, LATEST_MS), process="before"),
        rule(PLACE, "late", fate, 0.15, delay_ms=fate.randint(5, LATEST_MS), process="after"),
        rule(PLACE, "error_before", fate, 0.04, status=fate.choice([500, 502, 503, 504])),
        rule(PLACE, "error_after", fate, 0.04, status=fate.choice([500, 502, 503, 504])),
        rule(PLACE, "truncated", fate, 0.03, at_byte=fate.randint(0, 200)),
        rule(PLACE, "garbage", fate, 0.02),
        rule(PLACE, "empty", fate, 0.02),
        rule(PLACE, "hidden", fate, 0.06, for_ms=fate.choice([100, 500, 2000, 3500, 7000])),
        rule(LOOK, "late", fate, 0.15, delay_ms=fate.randint(5, 80)),
        rule(LOOK, "lost_before", fate, 0.05),
        rule(LOOK, "error_before", fate, 0.05),
        rule(LOOK, "garbage", fate, 0.02),
    ]
    return rules + [rule(route, "error_before", fate, 0.1) for route in LISTS]


def rule(route, fault, fate, mean, **keys):
    """With a probability around the mean, so that every plan is another one."""
    share = round(mean * fate.uniform(0.3, 1.7), 6)
    return {"route": route, "fault": fault, "probability": share, **keys}
