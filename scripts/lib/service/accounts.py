"""Several accounts, each with a service of its own; and what the exchanges have seen of all."""

import collections


def go(world, second):
    add(world, second)
    apart(world, second)
    ledgers(world, second)
    strange_lines(world)


def add(world, second):
    exchange = second.exchange
    answers = f"{exchange.key}\n{exchange.secret}\n"
    world.follow("second-account", "a second account", answers=answers)
    # The other simulated exchange listens on another port.
    world.configure(f's|https://api.mexc.com"|https://api.mexc.com:{exchange.port}"|', second)
    world.follow("second-start", "start it")
    world.wait_until_trading(second)
    world.step("both services", "active (running), active (running)",
               f"{world.state()}, {world.state(second)}")  # fmt: skip


def apart(world, second):
    before = len(world.main.exchange.orders())
    world.step("second account: a signal by file", "filled, one order",
               world.by_file("two-a", second))  # fmt: skip
    world.step("second account: a signal by socket", "accepted, one order",
               world.by_line("two-b", second))  # fmt: skip
    world.step("the first account's exchange saw of them", "no order",
               world.plural(len(world.main.exchange.orders()) - before))  # fmt: skip
    world.step("second account: an id of the first", "filled, one order",
               world.by_file("member-file", second))  # fmt: skip
    own_socket(world, second)
    world.step("their names in the journal", "mexc-signald, mexc-signald-second", names(world))
    stopped = world.systemctl("stop", second.unit)
    world.step("stop the second, a signal to the first", "exit status 0, filled, one order",
               f"{stopped}, {world.by_file('first-goes-on')}")  # fmt: skip
    world.machine.must("systemctl", "start", second.unit)
    world.wait_until_trading(second)


def own_socket(world, second):
    socket = second.unit + ".socket"
    for command in (["stop", second.unit], ["enable", "--now", socket], ["start", second.unit]):
        world.machine.must("systemctl", *command)
    world.wait_until_trading(second)
    world.step("second account: its own socket unit", "active (running)", world.state(unit=socket))
    world.step("second account: a signal by socket", "accepted, one order",
               world.by_line("two-c", second))  # fmt: skip


def names(world):
    text = world.machine.must("journalctl", "-F", "SYSLOG_IDENTIFIER")
    return ", ".join(sorted(name for name in text.split() if name.startswith("mexc-signald")))


def ledgers(world, second):
    """All orders that were ever made, by the exchanges' own books."""
    for account, name in ((world.main, "first"), (second, "second")):
        counts = collections.Counter(row["client_order_id"] for row in account.exchange.orders())
        worst = max(counts.values())
        world.step(f"{name} exchange: most orders for one signal", "one order", world.plural(worst))
        world.step(f"{name} exchange: requests against its limits", "0",
                   str(account.exchange.refused() - account.exchange.met_a_demand))  # fmt: skip
    done = world.machine.run("mexc-signalctl", "--config", second.configuration, "verify")
    world.step("second account: mexc-signalctl verify", "exit status 0",
               f"exit status {done.returncode}")  # fmt: skip


def strange_lines(world):
    """What libraries write past the daemon's log has no priority and no name of an event."""
    text = world.machine.must("journalctl", "-o", "cat", "-t", "mexc-signald", "-t",
                              "mexc-signald-second")  # fmt: skip
    odd = {line.split(":")[0] for line in text.splitlines() if "worker thread" in line}
    world.step("lines of libraries in the journal", "none", ", ".join(sorted(odd)) or "none")
