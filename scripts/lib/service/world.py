"""The machine with the service on it: what a person, a producer of signals and the exchange see."""

import json
import os

import readme
from machine import until
from transcript import Transcript

# Who installs the service and drops signals, and somebody who may do neither.
OPERATOR = "op"
STRANGER = "stranger"
CHECKOUT = f"/home/{OPERATOR}/mexc-signald"


class Account:
    """One of the service's instances, and the names of what belongs to it."""

    def __init__(self, exchange, name=None):
        self.exchange = exchange
        suffix = f"-{name}" if name else ""
        self.unit = f"mexc-signald@{name}" if name else "mexc-signald"
        self.configuration = f"/etc/mexc-signald/{name or 'config'}.json5"
        self.spool = f"/var/spool/mexc-signald{suffix}"
        self.runtime = f"/run/mexc-signald{suffix}"
        self.state = f"/var/lib/mexc-signald{suffix}"
        self.socket = f"{self.runtime}/signal.sock"


class World:
    def __init__(self, machine, scripts, main, check):
        self.machine = machine
        self.main = main
        self.transcript = Transcript()
        self.blocks = {}
        for name in readme.SECTIONS:
            self.blocks.update(readme.blocks(scripts, name))
        # Those of the check itself; it may use the other sections' as well.
        self.unused_blocks = set(readme.blocks(scripts, check)) - {"build", "package"}

    # MARK: Steps

    def step(self, title, expected, seen):
        if not self.transcript.step(title, expected, seen):
            print(self.tail(), flush=True)

    def follow(self, name, title, expected="exit status 0", answers=""):
        """A block of the README, word for word, in a new login; `answers` are typed."""
        self.unused_blocks.discard(name)
        self.machine.write(f"/tmp/{name}.sh", self.blocks[name])
        command = f"cd {CHECKOUT} && exec bash -e /tmp/{name}.sh"
        done = self.machine.run("bash", "-c", command, user=OPERATOR, text=answers)
        self.step(f"README: {title}", expected, f"exit status {done.returncode}")
        if done.returncode != 0:
            print(done.stdout + done.stderr, flush=True)
        return done.stdout

    def tail(self):
        return self.machine.run(
            "journalctl", "--no-pager", "-n", "40", "-o", "short-precise").stdout

    # MARK: The service

    def show(self, name, account=None):
        unit = (account or self.main).unit
        return self.machine.must("systemctl", "show", "--value", "-p", name, unit).strip()

    def state(self, account=None, unit=None):
        unit = unit or (account or self.main).unit
        done = self.machine.must("systemctl", "show", "-p", "ActiveState,SubState,Result", unit)
        values = dict(line.split("=", 1) for line in done.split())
        text = f"{values['ActiveState']} ({values['SubState']})"
        return text if values["Result"] == "success" else f"{text}, {values['Result']}"

    def systemctl(self, *arguments):
        return f"exit status {self.machine.run('systemctl', *arguments).returncode}"

    def status(self, account=None):
        """What `mexc-signalctl status` knows; None while nobody answers."""
        done = self.machine.run(
            "mexc-signalctl", "--config", (account or self.main).configuration, "--json", "status")
        try:
            return json.loads(done.stdout)
        except json.JSONDecodeError:
            return None

    def wait_until_trading(self, account=None):
        until("open trading", lambda: (self.status(account) or {}).get("trading_open"))

    def life_after(self, break_it):
        """Ends the running process, waits until systemd has started the next one and it trades."""
        before = self.show("MainPID")
        break_it()
        until("the next process", lambda: self.is_another_life(before))
        self.wait_until_trading()
        return self.state()

    def is_another_life(self, before):
        return self.show("ActiveState") == "active" and self.show("MainPID") not in ("0", before)

    def journal(self, *arguments, since=0.0, account=None):
        """What the journal has of the service, or since a time.time(): only its texts."""
        self.machine.must("journalctl", "--sync")
        # Not by a cursor: journalctl skips the entry after one that its other conditions leave out.
        text = self.machine.must(
            "journalctl", "--no-pager", "-o", "cat", "--since", f"@{since:.6f}", *arguments, "-u",
            (account or self.main).unit)  # fmt: skip
        return [line for line in text.splitlines() if line and not line.startswith("-- ")]

    def configure(self, change, account=None):
        """Edits the configuration with sed."""
        self.machine.must("sed", "-i", change, (account or self.main).configuration)

    # MARK: Signals

    def drop(self, name, account=None, user=OPERATOR, file=None, **fields):
        """Writes a signal beside its name and renames it in. Answers with what went wrong."""
        text = signal(name, **fields)
        path = f"{(account or self.main).spool}/incoming/{file or name}"
        script = f"cat >{path}.tmp && mv {path}.tmp {path}.json"
        return self.machine.run("bash", "-c", script, user=user, text=text).stderr

    def send(self, name, account=None, user=OPERATOR, **fields):
        """Sends a signal as a line. Answers with the daemon's answer, or the socket's error."""
        place = (account or self.main).socket
        done = self.machine.run(
            "socat", "-t", "60", "-", f"UNIX-CONNECT:{place}", user=user,
            text=signal(name, **fields) + "\n")
        return json.loads(done.stdout) if done.stdout else {"status": done.stderr}

    def outcome(self, name, account=None):
        """What came of a file, once it lies in done/ or rejected/ with its report."""
        spool = self.machine.path((account or self.main).spool)
        places = [os.path.join(spool, "done", name + ".json.result.json"),
                  os.path.join(spool, "rejected", name + ".json.reason.json")]  # fmt: skip
        path = until(f"the outcome of {name}", lambda: next(filter(os.path.exists, places), None))
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def by_file(self, name, account=None, **fields):
        """A signal by file to its end: the report's word, and the exchange's count."""
        trouble = self.drop(name, account, **fields)
        if trouble:
            return trouble
        return self.settled(name, account)

    def settled(self, name, account=None):
        report = self.outcome(name, account)
        word = report["status"] if report["code"] == "accepted" else report["code"]
        return f"{word}, {self.count(report.get('client_order_id'), account)}"

    def by_line(self, name, account=None, **fields):
        answer = self.send(name, account, **fields)
        if answer.get("code") != "accepted":
            return answer.get("code") or answer["status"]
        order = answer["client_order_id"]
        exchange = (account or self.main).exchange
        until(f"the order of {name}", lambda: any(
            row["client_order_id"] == order for row in exchange.orders()))
        return f"accepted, {self.count(order, account)}"

    @staticmethod
    def plural(count):
        return {0: "no order", 1: "one order"}.get(count, f"{count} orders")

    def count(self, client_order_id, account=None):
        rows = (account or self.main).exchange.orders()
        return self.plural(sum(row["client_order_id"] == client_order_id for row in rows))


def signal(name, **fields):
    """Small, so that the day's limit lasts; it may wait for a while."""
    shape = {"id": name, "symbol": "BTCUSDT", "side": "buy", "type": "market",
             "quote_quantity": "6", "ttl_seconds": 300}  # fmt: skip
    shape.update(fields)
    return json.dumps({key: value for key, value in shape.items() if value is not None})
