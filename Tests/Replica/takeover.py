"""A first machine dies, a second one takes over from the replica of its database."""

import json
import os
import shutil
import sqlite3
import subprocess
import urllib.request

from machine import Machine, until

# Signals that the replica knows, and those that only the first machine knew.
KNOWN = [f"known-{number}" for number in range(1, 41)]
FORGOTTEN = [f"forgotten-{number}" for number in range(1, 9)]


class Site(Machine):
    """A machine that looks for an order no longer than it takes to see one here."""

    def settings(self):
        settings = super().settings()
        settings["exchange"].update(recv_window_ms=5000, settle_seconds=2)
        return settings


class Replica:
    """A folder that Litestream keeps in step with a database."""

    def __init__(self, program, machine):
        self.program = program
        self.configuration = machine.path("litestream.yml")
        with open(self.configuration, "w", encoding="utf-8") as file:
            json.dump({"dbs": [{
                "path": machine.path("state.db"),
                "replica": {
                    "type": "file", "path": machine.path("replica"), "sync-interval": "50ms"},
            }]}, file)  # fmt: skip
        self.journal = open(machine.path("litestream.log"), "a", encoding="utf-8")
        self.process = subprocess.Popen(
            [program, "replicate", "-config", self.configuration],
            stdout=self.journal, stderr=self.journal)  # fmt: skip

    def restore(self, database, target):
        if os.path.exists(target):
            os.remove(target)
        done = subprocess.run(
            [self.program, "restore", "-config", self.configuration, "-o", target, database],
            capture_output=True, text=True, check=False)  # fmt: skip
        return done.returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.journal.close()


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def result(machine, name):
    path = machine.path(f"spool/done/{name}.json.result.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def trade(machine, names):
    """Drops signals, and waits until their orders are over."""
    for name in names:
        machine.drop(name)
    for name in names:
        until(f"the result of {name}", lambda name=name: result(machine, name))


def first_machine(binaries, program):
    """Dies when its orders have left that the replica does not know; the replica as it was then."""
    machine = Site(binaries)
    machine.start_daemon()
    replica = Replica(program, machine)
    trade(machine, KNOWN)
    copy = machine.path("copy.db")
    database = machine.path("state.db")
    until("a replica that knows the signals", lambda: replica.restore(database, copy) and knows(copy))
    replica.kill()
    trade(machine, FORGOTTEN)
    machine.kill("mexc-signald")
    check(replica.restore(database, copy), "the replica of a dead machine cannot be restored")
    return machine, copy


def knows(copy):
    """Whether a copy has every order that it has to know."""
    with sqlite3.connect(f"file:{copy}?immutable=1", uri=True) as database:
        filled = database.execute("SELECT count(*) FROM orders WHERE status = 'filled'").fetchone()
    return filled[0] >= len(KNOWN)


def ledger(machine):
    with urllib.request.urlopen(machine.exchange + "/__admin/ledger") as answer:
        return json.load(answer)


def take_over(first, copy, put):
    """`put` brings the copy into the second machine's place."""
    second = Site(first.binaries, first.exchange)
    try:
        put(second, copy)
        second.start_daemon()
        check(second.status()["careful_start"], "the start was not a careful one")
        trade(second, KNOWN + FORGOTTEN)
        for name in FORGOTTEN:
            story = json.loads(second.operate("--json", "explain", name).stdout)
            check(story["order"]["attempt"] == 0, f"{name} was sent a second time")
        check(second.operate("resume").returncode == 0, "the careful start was not ended")
        check(not second.status()["careful_start"], "the start is careful for ever")
        verified = second.operate("verify")
        check(verified.returncode == 0, verified.stdout + verified.stderr)
        second.kill("mexc-signald")
    finally:
        second.close()


def by_hand(machine, copy):
    """The file is put where the database belongs, as replication tools do by themselves."""
    shutil.copy(copy, machine.path("state.db"))
    os.chmod(machine.path("state.db"), 0o600)


def by_restore(machine, copy):
    done = machine.operate("restore", copy)
    check(done.returncode == 0, done.stdout + done.stderr)


def go(binaries, program):
    first, copy = first_machine(binaries, program)
    try:
        for put in (by_hand, by_restore):
            take_over(first, copy, put)
            truth = ledger(first)
            count = len(KNOWN) + len(FORGOTTEN)
            check(len(truth["orders"]) == count, f"{len(truth['orders'])} orders of {count} signals")
            check(truth["counts"]["duplicate_client_order_ids"] == 0, "a second order was tried")
            print(f"  {put.__name__}: {count} signals, {count} orders")
    finally:
        first.close()
