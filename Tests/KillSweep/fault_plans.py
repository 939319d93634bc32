"""What goes wrong at the exchange, drawn anew for every exchange."""

import json

# The longest that a request is under way.
LATEST_MS = 120
PLACE = "POST /api/v3/order"
PLACE_TOGETHER = "POST /api/v3/batchOrders"
LOOK = "GET /api/v3/order"
CLOCK = "GET /api/v3/time"
PRICE = "GET /api/v3/ticker/price"
LISTS = ["GET /api/v3/openOrders", "GET /api/v3/allOrders", "GET /api/v3/myTrades"]


def faults(fate):
    """A plan in which about a third of the placements and a tenth of the look-ups go wrong."""
    rules = [
        *faults_of_placements(PLACE, fate),
        *faults_of_placements(PLACE_TOGETHER, fate),
        # An order whose timestamp was refused waits for this answer; a kill is to find it so.
        rule(CLOCK, "late", fate, 0.5, delay_ms=fate.randint(5, LATEST_MS)),
        rule(LOOK, "late", fate, 0.15, delay_ms=fate.randint(5, 80)),
        rule(LOOK, "lost_before", fate, 0.05),
        rule(LOOK, "error_before", fate, 0.05),
        rule(LOOK, "garbage", fate, 0.02),
        rule(LOOK, "answer", fate, 0.03, **refusal(10007, "symbol not support api")),
        rule(LOOK, "patch", fate, 0.02, set={"executedQty": None, "cummulativeQuoteQty": None}),
    ]
    for route in LISTS:
        rules += [
            rule(route, "error_before", fate, 0.1),
            rule(route, "answer", fate, 0.05, **refusal(700007, "No permission")),
            rule(route, "append_row", fate, 0.1, row=FOREIGN_ROW),
        ]
    return rules


def faults_of_placements(route, fate):
    return [
        rule(route, "lost_before", fate, 0.06, how=fate.choice(["close", "reset"])),
        rule(route, "lost_after", fate, 0.05, how=fate.choice(["close", "reset"])),
        rule(route, "late", fate, 0.15, delay_ms=fate.randint(5, LATEST_MS), process="before"),
        rule(route, "late", fate, 0.15, delay_ms=fate.randint(5, LATEST_MS), process="after"),
        rule(route, "error_before", fate, 0.04, status=fate.choice([500, 502, 503, 504])),
        rule(route, "error_after", fate, 0.04, status=fate.choice([500, 502, 503, 504])),
        rule(route, "truncated", fate, 0.03, at_byte=fate.randint(0, 200)),
        rule(route, "garbage", fate, 0.02),
        rule(route, "empty", fate, 0.02),
        rule(route, "hidden", fate, 0.06, for_ms=fate.choice([100, 500, 2000, 3500, 7000])),
        rule(route, "answer", fate, 0.02, **refusal(30087, "Order price exceeds allowed range")),
        rule(route, "answer", fate, 0.02, **refusal(30099, "Something that no table knows")),
        rule(route, "answer", fate, 0.02, **refusal(700003, OUTSIDE_WINDOW)),
    ]


def refusal(code, text):
    """An answer with a business code of the exchange, which makes no order."""
    return {"status": 400, "body": json.dumps({"code": code, "msg": text})}


# The one refusal here after which the daemon sends the same order once more.
OUTSIDE_WINDOW = "Timestamp for this request is outside of the recvWindow."

# An order that somebody made by hand on the exchange's website.
FOREIGN_ROW = {
    "symbol": "BTCUSDT", "orderId": "C02__999", "orderListId": -1, "clientOrderId": None,
    "price": "0", "origQty": "0.01", "executedQty": None, "cummulativeQuoteQty": "0",
    "status": "CANCELED", "timeInForce": None, "type": "STOP_MARKET_ORDER", "side": "SELL",
    "stopPrice": "60000", "icebergQty": None, "time": 1, "updateTime": None, "isWorking": False,
    "origQuoteOrderQty": None,
}  # fmt: skip


def rule(route, fault, fate, mean, **keys):
    """With a probability around the mean, so that every plan is another one."""
    share = round(mean * fate.uniform(0.3, 1.7), 6)
    return {"route": route, "fault": fault, "probability": share, **keys}
