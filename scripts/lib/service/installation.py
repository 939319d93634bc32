"""The way of a new user: install, start, a signal in paper mode, keys, live, reload."""

import time

from machine import until
from world import CHECKOUT, OPERATOR, STRANGER

# What `systemd-analyze security` may say at the most.
EXPOSURE_MAXIMUM = 1.2


def go(world):
    install(world)
    start(world)
    paper(world)
    live(world)
    reload(world)
    wrong_reload(world)
    upgrade(world)


def install(world):
    world.follow("install", "install")
    done = world.machine.run("systemd-analyze", "verify", "mexc-signald.service",
                             "mexc-signald.socket", "mexc-signald@x.service",
                             "mexc-signald@x.socket", "mexc-signald-backup.service",
                             "mexc-signald-backup.timer", "mexc-signald-backup@x.service",
                             "mexc-signald-backup@x.timer", "mexc-console.service",
                             "mexc-console@x.service")  # fmt: skip
    said = done.stdout + done.stderr or "not a word"
    world.step("systemd-analyze verify, all units", "exit status 0, not a word",
               f"exit status {done.returncode}, {said}")  # fmt: skip
    for unit in ("mexc-signald.service", "mexc-signald@x.service"):
        world.step(f"systemd-analyze security {unit}", f"{EXPOSURE_MAXIMUM} or less",
                   exposure(world, unit))  # fmt: skip


def exposure(world, unit):
    last = world.machine.must("systemd-analyze", "security", "--no-pager", unit).splitlines()[-1]
    value = last.split(":", 1)[1].split()[0]
    return f"{EXPOSURE_MAXIMUM} or less" if float(value) <= EXPOSURE_MAXIMUM else value


def start(world):
    world.follow("start", "start")
    world.step("the service", "active (running)", world.state())
    world.wait_until_trading()
    world.follow("status", "status, journal")
    world.step("mexc-signalctl status", "trading, paper", trading(world))


def trading(world):
    status = world.status()
    word = "trading" if status["trading_open"] else f"not trading: {status['reason']}"
    return f"{word}, {status['mode']}"


def paper(world):
    world.follow("by-file", "a signal by file, after a new login")
    until("the report on the README's signal", lambda: world.outcome("hello"))
    shown = world.follow("outcome", "what came of it")
    word = "filled" if '"status":"filled"' in shown.replace(" ", "") else shown
    world.step("its report; the exchange's ledger", "filled, no order",
               f"{word}, {world.plural(len(world.main.exchange.orders()))}")  # fmt: skip
    world.follow("by-socket", "a signal by socket")
    journal_fields(world)


def journal_fields(world):
    shown = world.follow("journal", "the fields of the journal")
    explained = world.machine.must("journalctl", "--no-pager", "-x", "-u", world.main.unit)
    words = ["found" if "hello" in shown else "not found",
             "explained" if "Subject: The daemon has started" in explained
             else "not explained"]  # fmt: skip
    world.step("the signal's lines; -x on the start", "found, explained", ", ".join(words))


def live(world):
    exchange = world.main.exchange
    world.follow("keys", "key and secret", answers=f"{exchange.key}\n{exchange.secret}\n")
    world.follow("live", "from paper to live")
    world.wait_until_trading()
    world.step("mexc-signalctl status", "trading, live", trading(world))
    world.step("a signal by file, from a member of the group", "filled, one order",
               world.by_file("member-file"))  # fmt: skip
    world.step("a signal by socket, from a member of the group", "accepted, one order",
               world.by_line("member-line"))  # fmt: skip
    world.step("its story says who sent it", OPERATOR, sender(world, "member-line"))
    world.step("a signal by file, from a stranger", "Permission denied",
               denial(world.drop("stranger-file", user=STRANGER)))  # fmt: skip
    world.step("a signal by socket, from a stranger", "Permission denied",
               denial(world.send("stranger-line", user=STRANGER)["status"]))  # fmt: skip
    world.step("the same file again", "duplicate, one order", again(world, "member-file"))


def sender(world, name):
    """By what the story of a signal says of the process that sent it."""
    uid = world.machine.must("id", "-u", OPERATOR).strip()
    story = world.machine.must(
        "mexc-signalctl", "--config", world.main.configuration, "explain", name)
    return OPERATOR if f"uid={uid} " in story else f"unknown: {story}"


def denial(text):
    return "Permission denied" if "Permission denied" in text else text or "taken"


def again(world, name):
    """The same content under another file name."""
    order = world.outcome(name)["client_order_id"]
    world.drop(name, file=f"{name}-again")
    report = world.outcome(f"{name}-again")
    return f"{report['code']}, {world.count(order)}"


def reload(world):
    since = time.time()
    world.follow("reload", "reload with a lower limit for an order")
    until("the new limit", lambda: any(
        "the configuration is reloaded" in line for line in world.journal(since=since)))
    world.step("a signal above the new limit", "risk_order_quote, no order",
               world.by_file("above-limit", quote_quantity="80"))  # fmt: skip
    world.step("journalctl -p warning", "empty",
               "; ".join(world.journal("-p", "warning")) or "empty")  # fmt: skip


def wrong_reload(world):
    since = time.time()
    process = world.show("MainPID")
    world.configure('s/maximum_order_quote: "50"/maximum_order_quote: "fifty"/')
    world.step("reload with a wrong file", "exit status 1",
               world.systemctl("reload", world.main.unit))  # fmt: skip
    stayed = "the same" if world.show("MainPID") == process else "another"
    world.step("the service, its process", "active (running), the same",
               f"{world.state()}, {stayed}")  # fmt: skip
    world.step("journalctl -p err names the key", "yes",
               error_names(world, since, "maximum_order_quote"))  # fmt: skip
    world.step("a signal under the old configuration", "filled, one order",
               world.by_file("old-configuration"))  # fmt: skip
    world.configure('s/maximum_order_quote: "fifty"/maximum_order_quote: "50"/')
    world.step("reload with a right file", "exit status 0",
               world.systemctl("reload", world.main.unit))  # fmt: skip


def error_names(world, since, word):
    errors = world.journal("-p", "err", since=since)
    return "yes" if any(word in line for line in errors) else f"no: {errors}"


def upgrade(world):
    """The lines of the installation again keep the configuration."""
    before = world.machine.must("cat", world.main.configuration)
    world.follow("install", "install again, as for a new version")
    kept = world.machine.must("cat", world.main.configuration) == before
    world.step("the configuration", "kept", "kept" if kept else "lost")
    world.step("restart", "exit status 0", world.systemctl("restart", world.main.unit))
    world.wait_until_trading()


def uninstall(world):
    """What is the operator's own stays."""
    done = world.machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/uninstall",
                             user=OPERATOR)  # fmt: skip
    world.step("scripts/uninstall", "exit status 0", f"exit status {done.returncode}")
    world.step("the programs, a unit, the documents", "none", existing(
        world, "/usr/bin/mexc-signald", "/usr/bin/mexc-signalctl",
        "/lib/systemd/system/mexc-signald.service", "/usr/share/doc/mexc-signald"))  # fmt: skip
    world.step("the configuration, the database", "config.json5, live.db", existing(
        world, world.main.configuration, f"{world.main.state}/live.db"))


def existing(world, *paths):
    """Which of these are there, without their folders."""
    found = [path.rsplit("/", 1)[1] for path in paths
             if world.machine.run("test", "-e", path).returncode == 0]  # fmt: skip
    return ", ".join(found) or "none"
