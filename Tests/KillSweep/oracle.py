"""The judge: the daemon's record and folders against the exchange's own ledger.

It shares nothing with the program: names of orders are derived, signals are read and amounts are
compared here once more.
"""

import base64
import dataclasses
import decimal
import hashlib
import json
import os

from record import open_database, read_database

# Ends that nothing may change any more.
FINAL = {"filled", "canceled", "partially_canceled", "denied", "expired", "validated"}
# What says that the exchange never had the order, or that nothing has left yet.
NOT_PLACED = {"new", "denied", "expired", "rejected", "validated"}
# The exchange's word for what the record says.
STATUS_WORDS = {
    "open": "NEW", "partially_filled": "PARTIALLY_FILLED", "filled": "FILLED",
    "canceled": "CANCELED", "partially_canceled": "PARTIALLY_CANCELED",
}  # fmt: skip
TYPE_WORDS = {"limit": "LIMIT", "market": "MARKET", "ioc": "IMMEDIATE_OR_CANCEL"}


class Violation(Exception):
    """A promise that did not hold: its name, and the facts."""

    def __init__(self, promise, facts):
        super().__init__(f"{promise}: {facts}")
        self.promise = promise


def client_order_id(signal_id, account="main"):
    text = f"signald/coid/v1\0{account}\0{signal_id}\0{0}"
    digest = hashlib.sha256(text.encode()).digest()
    return "sg" + base64.b32encode(digest).decode().lower()[:26]


def number(text):
    return decimal.Decimal(text if text is not None else "0")


def on_record(order):
    """What the record says of an order, in the exchange's words; as `at_exchange`."""
    return (STATUS_WORDS.get(order["status"]), *executed(order))


def at_exchange(placed):
    return (placed["status"], *executed(placed))


def executed(order):
    return number(order["executed_quantity"]), number(order["executed_quote"])


@dataclasses.dataclass
class Scene:
    """What is durable, where the files lie, and what the exchange has, with the daemon dead."""

    signals: dict
    orders: dict
    incoming: set
    active: set
    done: set
    rejected: set
    # By client order id; lists, because two is what must never be.
    placed: dict
    counts: dict

    @classmethod
    def take(cls, daemon, ledger, earlier=()):
        """`earlier` are the orders of exchanges that were replaced meanwhile."""
        signals, orders = read_database(daemon.database)
        folders = [names_in(daemon.spool, f) for f in ("incoming", "active", "done", "rejected")]
        placed = {}
        for order in [*earlier, *ledger["orders"]]:
            placed.setdefault(order["client_order_id"], []).append(order)
        return cls(signals, orders, *folders, placed, ledger["counts"])


def names_in(spool, folder):
    try:
        return set(os.listdir(os.path.join(spool, folder)))
    except FileNotFoundError:
        return set()


# The note of an arming stands behind 64 signals.
NOTE_AT = 64 * 4096


def check_pages(path):
    base = open_database(path)
    try:
        verdict = base.execute("PRAGMA quick_check").fetchone()[0]
    finally:
        base.close()
    if verdict != "ok":
        raise Violation("the database is sound", verdict)


class Oracle:
    def __init__(self, daemon):
        self.daemon = daemon
        self.deliveries = []
        # Signals that the daemon said it has: by an answer, or by moving the file.
        self.acknowledged = {}
        self.ends = {}
        self.back_off_allowance = 0
        # A power cut takes an arming back that is not synced yet: the next start looks for the order. It
        # takes a signal back that the intake log has: the next start reads it again. A kill takes no more
        # than what the log's note names.
        self.arming_can_be_lost = False
        self.lost_armings = set()
        self.lost_signals = set()
        # Signals that the intake log's note named at the end of a life: each start after it looks for the
        # order until it is found, when the record does not say that it left.
        self.noted = set()
        # Orders of which a start did not know whether they had left.
        self.looked_for = set()
        # Signals that were handed over before the operator cancelled everything.
        self.cancelled = set()

    def expect(self, delivery):
        self.deliveries.append(delivery)

    def hear(self, delivery, answer):
        delivery.answer = answer
        if answer["id"] != delivery.signal_id and delivery.kind != "malformed":
            raise Violation("answers come in order", f"{delivery} was answered {answer}")
        if answer["status"] in ("accepted", "duplicate"):
            self.acknowledged.setdefault(delivery.signal_id, f"the socket said {answer}")

    def note_cancel_all(self):
        self.cancelled.update(d.signal_id for d in self.deliveries)

    # MARK: At every moment

    def check(self, scene):
        """What must hold whenever the daemon is cut off."""
        self.check_counts(scene.counts)
        self.note_waiting(scene)
        sent = {client_order_id(d.signal_id): d.signal_id for d in self.deliveries}
        for name, copies in scene.placed.items():
            if len(copies) != 1:
                raise Violation("at most one order per signal", copies)
            if name not in sent:
                raise Violation("no order without a signal", copies)
            self.check_known(scene, sent[name], copies[0])
        for name, order in scene.orders.items():
            self.check_evidence(name, order, scene.placed.get(name, [None])[0])
        self.note_moved_files(scene)
        for signal_id, how in self.acknowledged.items():
            if signal_id not in scene.signals and not self.is_read_again(signal_id):
                raise Violation("an acknowledged signal is durable", f"{signal_id}: {how}")

    def is_read_again(self, signal_id):
        content = self.intake_log()
        is_there = any(d.text.encode() in content for d in self.deliveries_of(signal_id))
        if is_there and (self.arming_can_be_lost or self.in_note() == signal_id):
            self.lost_signals.add(signal_id)
            return True
        return False

    def is_looked_for(self, signal_id):
        """Whether the next start looks for an order that is not on record as armed."""
        return self.arming_can_be_lost or signal_id in self.noted

    def in_note(self):
        """The signal that the note names, which begins with its length; empty when it names none."""
        note = self.intake_log()[NOTE_AT:]
        return note[1 : 1 + note[0]].decode(errors="replace") if note else ""

    def note_waiting(self, scene):
        """At every end of a life: of the orders that wait, those that the next start looks for."""
        self.noted.add(self.in_note())
        for name, order in scene.orders.items():
            signal_id = order["signal_id"]
            if order["status"] == "new" and name not in self.looked_for:
                if self.is_looked_for(signal_id):
                    self.looked_for.add(name)

    def intake_log(self):
        try:
            with open(f"{self.daemon.database}.intake", "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def check_counts(self, counts):
        for name in ("duplicate_client_order_ids", "bad_signatures", "unknown_routes",
                     "sent_though_told"):  # fmt: skip
            if counts[name]:
                raise Violation(f"no {name}", counts)
        if counts["inside_pause"] + counts["inside_ban"] > self.back_off_allowance:
            raise Violation("no request inside a pause", counts)

    def check_known(self, scene, signal_id, placed):
        record = scene.signals.get(signal_id)
        order = scene.orders.get(placed["client_order_id"])
        if record is None and self.is_read_again(signal_id):
            self.lost_armings.add(signal_id)
            return
        if record is None or order is None:
            raise Violation("every order of ours is known", placed)
        if order["status"] == "new" and self.is_looked_for(signal_id):
            self.lost_armings.add(signal_id)
        elif order["status"] in NOT_PLACED:
            facts = f"{order['status']} {order['reason']!r}: {placed}"
            raise Violation("nothing is falsely recorded", facts)
        if order["order_id"] not in (None, placed["order_id"]):
            raise Violation("an order is not taken for another", f"{order} is not {placed}")
        wish = json.loads(record["raw"])
        if not any(json.loads(d.text) == wish for d in self.deliveries_of(signal_id)):
            raise Violation("a signal is kept as it came", f"{wish} was never delivered")
        check_as_wished(wish, placed)

    def deliveries_of(self, signal_id):
        return [d for d in self.deliveries if d.signal_id == signal_id and d.kind != "malformed"]

    def check_evidence(self, name, order, placed):
        if order["order_id"] is not None and placed is None:
            raise Violation("nothing is falsely recorded", f"not at the exchange: {order}")
        quantity, quote = executed(order)
        most, most_quote = executed(placed) if placed else (0, 0)
        if quantity > most or quote > most_quote:
            raise Violation("no fill is invented", f"{order} but {placed}")
        if order["quantity"] is not None and quantity > number(order["quantity"]):
            raise Violation("executed at most what was ordered", order)
        was_refused = order["last_attempt"] == "order_may_retry"
        if order["status"] == "not_found" and was_refused and name not in self.looked_for:
            raise Violation("what is to be sent once more is not given up", order)
        end = (order["status"], order["executed_quantity"], order["executed_quote"])
        if name in self.ends and self.ends[name] != end:
            raise Violation("an end never changes", f"{self.ends[name]} became {end}")
        if order["status"] in FINAL:
            self.ends[name] = end

    def note_moved_files(self, scene):
        for delivery in self.deliveries:
            if delivery.file is None or delivery.signal_id in self.acknowledged:
                continue
            if delivery.file in scene.active or delivery.file in scene.done:
                self.acknowledged[delivery.signal_id] = f"{delivery.file} was moved"

    # MARK: When everything has come to rest

    def is_settled(self, scene):
        """Whether nothing is in flight and every file has arrived."""
        if any(not name.startswith(".") for name in scene.incoming):
            return False
        unseen = {d.file for d in self.deliveries if d.file} & scene.active
        watched = {
            row["origin"].decode() for row in scene.signals.values()
            if row["origin_kind"] == "file" and self.status_of(scene, row["id"]) == "not_found"
        }  # fmt: skip
        if unseen - watched:
            return False
        return all(o["status"] in FINAL | {"rejected", "not_found"} for o in scene.orders.values())

    def status_of(self, scene, signal_id):
        order = scene.orders.get(client_order_id(signal_id))
        return order["status"] if order else None

    def check_settled(self, scene):
        self.check(scene)
        missing = self.acknowledged.keys() - scene.signals.keys()
        if missing:
            raise Violation("an acknowledged signal is durable", f"{missing} were not read again")
        for name, order in scene.orders.items():
            placed = scene.placed.get(name, [None])[0]
            if placed is None:
                continue
            if order["status"] == "not_found":
                raise Violation("what is visible is found", f"{order} is {placed}")
            if on_record(order) != at_exchange(placed):
                raise Violation("the record says what the exchange says", f"{order} is {placed}")
        for delivery in self.deliveries:
            if delivery.file is not None:
                self.check_file(scene, delivery)
            elif delivery.answer is not None:
                self.check_code(scene, delivery, delivery.answer)
        for order in scene.orders.values():
            self.check_denial(scene, order)
        check_pages(self.daemon.database)

    def check_denial(self, scene, order):
        """Prices stand still, no limit is in the way, and a good signal lives longer than any run."""
        signal_id = order["signal_id"]
        if order["status"] not in ("denied", "expired"):
            return
        if any(d.kind == "expired" for d in self.deliveries_of(signal_id)):
            return
        code = scene.signals[signal_id]["decision"]
        if code != "canceled" or signal_id not in self.cancelled:
            raise Violation("a good signal is not denied", f"{code}: {order}")

    def check_file(self, scene, delivery):
        name = delivery.file
        done = name in scene.done
        rejected = name in scene.rejected
        if name in scene.active and not done and not rejected:
            if self.status_of(scene, delivery.signal_id) == "not_found":
                return
        if done == rejected or name in scene.active or name in scene.incoming:
            raise Violation("every file ends in one folder", f"{delivery}: {done=} {rejected=}")
        folder, suffix = ("done", ".result.json") if done else ("rejected", ".reason.json")
        path = os.path.join(self.daemon.spool, folder, name)
        try:
            with open(path + suffix, encoding="utf-8") as file:
                report = json.load(file)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, ValueError) as error:
            raise Violation("every file has its report", f"{path}: {error}") from error
        if text != delivery.text:
            raise Violation("a file is kept as it came", f"{path}: {text}")
        self.check_code(scene, delivery, report)
        if done and report["status"] != "duplicate":
            order = scene.orders[client_order_id(delivery.signal_id)]
            for field in ("status", "executed_quantity", "executed_quote", "order_id"):
                if report[field] != order[field]:
                    raise Violation("a report says what the record says", f"{report} is {order}")

    def check_code(self, scene, delivery, report):
        """The code of an answer or a report fits the signal and what the record says."""
        code, status = report["code"], report["status"]
        record = scene.signals.get(delivery.signal_id)
        order_status = self.status_of(scene, delivery.signal_id)
        if code in ("shutting_down", "storage_unavailable"):
            return
        if delivery.kind == "malformed":
            expected = code == "invalid_json"
        elif record is None:
            expected = False
        elif json.loads(record["raw"]) != json.loads(delivery.text):
            # Whichever of two contradicting signals came first has the id.
            expected = code == "conflicting_duplicate" and status == "rejected"
        elif delivery.kind == "expired":
            was_refused = code == "expired" or status == "duplicate"
            expected = was_refused and order_status in (None, "denied", "expired")
        elif status in ("accepted", "duplicate"):
            expected = order_status is not None
        else:
            expected = status == order_status
        if not expected:
            raise Violation(
                "a signal comes to what it had to",
                f"{delivery}: {report}; record {record}, order {order_status}",
            )


def check_as_wished(wish, placed):
    kind = wish.get("type", "limit")
    wrong = [
        field for field, mine, theirs in (
            ("symbol", wish["symbol"], placed["symbol"]),
            ("side", wish["side"].upper(), placed["side"]),
            ("type", TYPE_WORDS[kind], placed["type"]),
        ) if mine != theirs
    ]  # fmt: skip
    if "quantity" in wish:
        if number(wish["quantity"]) != number(placed["quantity"]):
            wrong.append("quantity")
        if number(placed["executed_quantity"]) > number(wish["quantity"]):
            wrong.append("executed_quantity")
    if "quote_quantity" in wish:
        if number(wish["quote_quantity"]) != number(placed["quote_quantity"]):
            wrong.append("quote_quantity")
        if number(placed["executed_quote"]) > number(wish["quote_quantity"]):
            wrong.append("executed_quote")
    if kind != "market" and number(wish["price"]) != number(placed["price"]):
        wrong.append("price")
    if wrong:
        raise Violation("an order is what the signal wished", f"{wrong}: {wish} became {placed}")
