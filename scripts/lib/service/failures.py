"""What goes wrong with a service: crashes, wrong configurations, a full disk, a reboot."""

import os
import time

from machine import until
from installation import error_names

DROP_IN = "/etc/systemd/system/mexc-signald.service.d/check.conf"


def go(world):
    crashes(world)
    watchdog(world)
    restarts_by_hand(world)
    missing_folder(world)
    wrong_configuration(world)
    no_keys(world)
    full_disk(world)
    stop(world)
    reboot(world)
    reboot_while_one_waits(world)


def crashes(world):
    """Six in a row with the watchdog's: more than the usual limit of five in five minutes."""
    for name in ("SEGV", "ABRT", "KILL"):
        state = world.life_after(lambda name=name: world.machine.must(
            "systemctl", "kill", f"--signal={name}", world.main.unit))
        world.step(f"crash: SIG{name}", "active (running)", state)
    crash_in_flight(world)
    crash_with_waiting_file(world)


def kill(world):
    world.machine.must("systemctl", "kill", "--signal=KILL", world.main.unit)


def crash_in_flight(world):
    """The order has reached the exchange, its answer has not come back."""
    exchange = world.main.exchange
    before = len(exchange.orders())
    exchange.set_faults({"route": "POST /api/v3/order", "fault": "late", "delay_ms": 60_000,
                         "process": "before", "next": 1})  # fmt: skip
    trouble = world.drop("in-flight")
    until("the order at the exchange", lambda: trouble or len(exchange.orders()) > before)
    state = world.life_after(lambda: kill(world))
    exchange.set_faults()
    world.step("kill -9 while the answer to an order is awaited",
               "filled, one order", settled_in(world, state, "in-flight"))  # fmt: skip


def crash_with_waiting_file(world):
    def kill_and_drop():
        kill(world)
        until("the end of the process", lambda: world.show("MainPID") == "0")
        world.drop("while-down")

    state = world.life_after(kill_and_drop)
    world.step("kill -9, and a signal by file before it is back", "filled, one order",
               settled_in(world, state, "while-down"))  # fmt: skip


def settled_in(world, state, name):
    return world.settled(name) if state == "active (running)" else state


def watchdog(world):
    world.machine.write(DROP_IN, "[Service]\nWatchdogSec=5\n")
    world.machine.must("systemctl", "daemon-reload")
    world.life_after(lambda: world.machine.must("systemctl", "restart", world.main.unit))
    since = time.time()
    state = world.life_after(lambda: world.machine.must(
        "systemctl", "kill", "--signal=STOP", world.main.unit))
    seen = any("Watchdog timeout" in line for line in world.journal(since=since))
    world.step("it hangs, with WatchdogSec=5 for this", "active (running), by the watchdog",
               f"{state}, {'by the watchdog' if seen else 'not by the watchdog'}")  # fmt: skip
    world.step("a signal after these six crashes", "filled, one order",
               world.by_file("after-watchdog"))  # fmt: skip
    world.machine.must("rm", DROP_IN)
    world.machine.must("systemctl", "daemon-reload")


def restarts_by_hand(world):
    results = {world.systemctl("restart", world.main.unit) for _ in range(7)}
    world.step("restart by hand, seven times in a row", "exit status 0, active (running)",
               f"{', '.join(sorted(results))}, {world.state()}")  # fmt: skip
    world.wait_until_trading()
    world.step("a signal after that", "filled, one order", world.by_file("after-restarts"))


def missing_folder(world):
    """Somebody cleaned up, or a disk was mounted over it."""
    world.machine.must("systemctl", "stop", world.main.unit)
    world.machine.must("mv", world.main.spool, world.main.spool + ".away")
    world.step("start without the spool folder", "exit status 0",
               world.systemctl("start", world.main.unit))  # fmt: skip
    world.wait_until_trading()
    world.step("a signal by file", "filled, one order", world.by_file("after-cleaning"))
    world.machine.must("systemctl", "stop", world.main.unit)
    world.machine.must("rm", "-r", world.main.spool)
    world.machine.must("mv", world.main.spool + ".away", world.main.spool)
    world.machine.must("systemctl", "start", world.main.unit)
    world.wait_until_trading()


def wrong_configuration(world):
    since = time.time()
    world.configure("s/^  mode:/  mood:/")
    world.step("restart with a wrong configuration", "exit status 1",
               world.systemctl("restart", world.main.unit))  # fmt: skip
    world.step("the service, for good", "failed (failed), status 78", ended(world))
    world.step("journalctl -p err names the key", "yes", error_names(world, since, "mood"))
    world.configure("s/^  mood:/  mode:/")
    world.step("start with a right one", "exit status 0", world.systemctl("start", world.main.unit))
    world.wait_until_trading()
    lines = "\n".join(world.journal(since=since))
    world.step("the effective configuration in the journal", "no",
               "yes" if "recv_window_ms" in lines else "no")  # fmt: skip


def ended(world):
    """A service that systemd is to start again is not failed but activating."""
    state = f"{world.show('ActiveState')} ({world.show('SubState')})"
    return f"{state}, status {world.show('ExecMainStatus')}"


def no_keys(world):
    since = time.time()
    world.machine.must("mv", "/etc/credstore", "/etc/credstore.away")
    world.systemctl("restart", world.main.unit)
    world.step("restart without key and secret", "failed (failed), status 78", ended(world))
    world.step("journalctl -p err says so", "yes", error_names(world, since, "API key"))
    world.machine.must("mv", "/etc/credstore.away", "/etc/credstore")
    world.machine.must("systemctl", "start", world.main.unit)
    world.wait_until_trading()


def full_disk(world):
    """The database's folder on a file system of 4 MiB that somebody fills."""
    state = world.main.state
    machine = world.machine
    machine.must("systemctl", "stop", world.main.unit)
    machine.must("mv", state, state + ".away")
    machine.must("install", "-d", "-m", "0700", "-o", "mexc-signald", "-g", "mexc-signald", state)
    options = "size=4m,mode=0700,uid=mexc-signald,gid=mexc-signald"
    machine.must("mount", "-t", "tmpfs", "-o", options, "tmpfs", state)
    machine.must("sh", "-c", f"cp -a {state}.away/. {state}/")
    machine.must("systemctl", "start", world.main.unit)
    world.wait_until_trading()
    process = world.show("MainPID")
    machine.run("dd", "if=/dev/zero", f"of={state}/filler", "bs=64k")
    line, code = first_refused(world, "full-line")
    world.step("disk full: a signal by socket", "storage_unavailable", code)
    world.drop("full-file")
    world.step("disk full: a signal by file", "waits in incoming/", waits(world, "full-file"))
    machine.must("rm", f"{state}/filler")
    world.step("room again: the file", "filled, one order", world.settled("full-file"))
    world.step("room again: the line, sent again", "accepted, one order",
               world.by_line(line))  # fmt: skip
    world.step("the process, all along", "the same",
               "the same" if world.show("MainPID") == process else "another")  # fmt: skip
    machine.must("systemctl", "stop", world.main.unit)
    machine.must("sh", "-c", f"cp -a {state}/. {state}.away/ && umount {state} && rmdir {state}")
    machine.must("mv", state + ".away", state)
    machine.must("systemctl", "start", world.main.unit)
    world.wait_until_trading()


def first_refused(world, name):
    """The first signal that is not taken, and why not: the log of the database, which is written over
    from its beginning, may have room for some."""
    for number in range(20):
        line = f"{name}-{number}"
        code = world.send(line).get("code", "no answer")
        if code != "accepted":
            break
    return line, code


def waits(world, name):
    until("a word on the full disk", lambda: (world.status() or {}).get("state") == "halted")
    path = world.machine.path(f"{world.main.spool}/incoming/{name}.json")
    return "waits in incoming/" if os.path.exists(path) else "gone from incoming/"


def stop(world):
    world.step("stop", "exit status 0", world.systemctl("stop", world.main.unit))
    world.step("the service", "inactive (dead)", world.state())
    world.step("a signal by socket", "No such file or directory",
               missing(world.send("stopped-line")))  # fmt: skip
    world.drop("stopped-file")
    world.step("start, and a signal by file from before", "exit status 0, filled, one order",
               f"{world.systemctl('start', world.main.unit)}, {world.settled('stopped-file')}")


def missing(answer):
    text = answer.get("code") or answer["status"]
    return "No such file or directory" if "No such file or directory" in text else text


def reboot(world):
    """An order rests at the exchange, and the operator has halted trading."""
    exchange = world.main.exchange
    world.wait_until_trading()
    world.step("an order that rests at the exchange", "accepted, one order",
               world.by_line("resting", type="limit", price="63500", quantity="0.0005",
                             quote_quantity=None, ttl_seconds=3600))  # fmt: skip
    order = next(row for row in exchange.orders() if row["status"] == "NEW")["client_order_id"]
    config = world.main.configuration
    world.machine.must("mexc-signalctl", "--config", config, "halt", "for the night")
    world.machine.reboot()
    until("the service after the reboot", world.status)
    world.step("reboot: the service", "active (running)", world.state())
    world.step("reboot: trading", "halted, for the night", halted(world))
    world.step("a signal while halted", "halted, no order", world.by_file("night"))
    world.machine.must("mexc-signalctl", "--config", config, "resume")
    world.wait_until_trading()
    exchange.fill(order)
    world.step("resume; the exchange fills the order", "filled, one order",
               resting(world, order))  # fmt: skip
    world.step("mexc-signalctl verify", "exit status 0", verified(world))


def reboot_while_one_waits(world):
    """The exchange demands a back-off: the first signal meets it, the second waits for its end."""
    exchange = world.main.exchange
    exchange.ask("POST", "rate?status=429&seconds=45")
    world.drop("demanded", ttl_seconds=3600)
    until("the demand", lambda: "demands a back-off" in str(world.status()["reason"]))
    exchange.met_a_demand = exchange.refused()
    world.drop("waiting", ttl_seconds=3600)
    until("a signal that waits", lambda: world.status()["waiting"] > 0)
    world.machine.reboot()
    until("the service after the reboot", world.status)
    world.step("reboot: a signal that waited", "filled, one order", world.settled("waiting"))
    world.step("reboot: the boot is written down with signals", "with all of them",
               boots_of_signals(world))  # fmt: skip


def boots_of_signals(world):
    """A start under another boot has to know which signals are of its own."""
    without = world.machine.must(
        "sqlite3", "-readonly", f"{world.main.state}/live.db",
        "SELECT count(*) FROM signal WHERE boot IS NULL").strip()
    return "with all of them" if without == "0" else f"without: {without}"


def halted(world):
    status = world.status()
    reason = str(status["reason"])
    return f"{status['state']}, {'for the night' if 'for the night' in reason else reason}"


def resting(world, order):
    def rows():
        listed = world.machine.must("mexc-signalctl", "--config", world.main.configuration,
                                    "--json", "orders", "--state", "filled")  # fmt: skip
        return order in listed

    until("the fill", rows)
    return f"filled, {world.count(order)}"


def verified(world):
    done = world.machine.run("mexc-signalctl", "--config", world.main.configuration, "verify")
    return f"exit status {done.returncode}"
