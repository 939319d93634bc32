"""Signals in the making: good ones, the same again, contradictions, and such as must be refused."""

import dataclasses
import json

# The prices at which the simulated exchange is frozen, and amounts worth 20 to 100 of the quote.
MARKETS = {
    "BTCUSDT": ("64000", "63900", ["0.0005", "0.001", "0.0015"]),
    "ETHUSDT": ("3200", "3190", ["0.01", "0.02", "0.03"]),
    "LINKUSDT": ("21.42", "21.3", ["1", "2", "4"]),
    "MXUSDT": ("2.85", "2.84", ["10", "20", "30"]),
}


# How many signals come at once in a burst: more than the exchange takes orders in a second.
BURST = (13, 28)


@dataclasses.dataclass
class Delivery:
    """One signal handed over once, by a file or a line of the socket."""

    kind: str
    signal_id: str
    text: str
    # None: by the socket.
    file: str | None = None
    # The socket's answer, when one came.
    answer: dict | None = None


class Producer:
    def __init__(self, fate, prefix):
        self.fate = fate
        self.prefix = prefix
        self.count = 0
        self.earlier = []

    def batch(self, files_only=False):
        """1 to 6 deliveries."""
        return [self.one(files_only) for _ in range(self.fate.randint(1, 6))]

    def burst(self):
        """More good signals of one symbol than may leave one by one."""
        symbol = self.fate.choice(list(MARKETS))
        deliveries = [self.fresh("good", symbol) for _ in range(self.fate.randint(*BURST))]
        self.earlier += deliveries
        for delivery in deliveries:
            self.choose_way(delivery)
        return deliveries

    def one(self, files_only=False):
        draw = self.fate.random()
        if draw < 0.12 and self.earlier:
            delivery = self.again()
        elif draw < 0.18 and self.earlier:
            delivery = self.contradiction()
        elif draw < 0.22:
            delivery = self.fresh("expired", expires_at="2020-01-01T00:00:00Z", ttl_seconds=None)
        elif draw < 0.23:
            delivery = self.fresh("malformed")
            delivery.text = delivery.text[:-1]
        else:
            delivery = self.fresh("good")
            self.earlier.append(delivery)
        self.choose_way(delivery, files_only)
        return delivery

    def choose_way(self, delivery, files_only=False):
        if files_only or self.fate.random() < 0.5:
            delivery.file = f"{self.prefix}-{self.count:06d}.json"
            self.count += 1

    def fresh(self, kind, symbol=None, **changes):
        signal_id = f"{self.prefix}-{self.count:06d}"
        self.count += 1
        symbol = symbol or self.fate.choice(list(MARKETS))
        price, resting, quantities = MARKETS[symbol]
        wish = {
            "id": signal_id, "symbol": symbol, "side": self.fate.choice(["buy", "sell"]),
            "quantity": self.fate.choice(quantities), "ttl_seconds": 3600,
        }  # fmt: skip
        shape = self.fate.random()
        if shape < 0.45:
            wish["price"] = price
        elif shape < 0.6:
            wish["price"], wish["side"] = resting, "buy"
        elif shape < 0.7:
            wish["type"], wish["price"] = "ioc", price
        elif shape < 0.85:
            wish["type"], wish["reference_price"] = "market", price
        else:
            del wish["quantity"]
            wish.update(type="market", side="buy", quote_quantity="25")
        wish.update(changes)
        text = json.dumps({name: value for name, value in wish.items() if value is not None})
        return Delivery(kind, signal_id, text)

    def again(self):
        first = self.fate.choice(self.earlier[-20:])
        return Delivery("again", first.signal_id, first.text)

    def contradiction(self):
        """An id that is taken, with other content."""
        first = self.fate.choice(self.earlier[-20:])
        wish = json.loads(first.text)
        wish["note"] = f"contradiction {self.count}"
        wish["side"] = "sell" if wish["side"] == "buy" else "buy"
        return Delivery("contradiction", first.signal_id, json.dumps(wish))
