"""The ends of the package: purges with and without a yes, and the sources in its place."""

from inside import check_out
from installation import existing, trading
from machine import until
from packages import PACKAGE
from world import CHECKOUT, OPERATOR

DROP_IN = "/etc/systemd/system/mexc-signald.service.d/own.conf"


def purge(story):
    """Where nobody can be asked."""
    world, machine = story.world, story.machine
    machine.write(DROP_IN, "[Service]\nEnvironment=OWN=1\n")
    status, said = story.apt("purge", PACKAGE)
    story.step("purge, where nobody can be asked", "exit status 0", status)
    listed = story.databases[0] in said and DROP_IN in said
    story.step("it says what stays", "yes", "yes" if listed else said)
    story.step("dpkg's word on it", "nothing", story.version().strip() or "nothing")
    story.step("the services", "inactive (dead), inactive (dead)", story.states())
    story.step("the configuration; what stays", "live.db, mexc-signald.api_key, own.conf",
               existing(world, world.main.configuration, story.databases[0],
                        "/etc/credstore/mexc-signald.api_key", DROP_IN))  # fmt: skip
    # The package's configuration is gone; it is written again as it was.
    world.follow("package-install", "install the package")
    story.step("the configuration", "root mexc-signald 640", machine.must(
        "stat", "-c", "%U %G %a", world.main.configuration).strip())
    world.follow("live", "from paper to live")
    world.wait_until_trading()
    story.step("the first signal again", "duplicate", story.again("first"))


def purge_with_a_yes(story):
    """On a terminal, then beforehand."""
    world = story.world
    # Not by APT, which forgets what is typed ahead.
    done = at_terminal(story, "DEBIAN_FRONTEND=teletype dpkg --purge mexc-signald")
    story.step("purge, with a yes at the terminal", "exit status 0, nothing left",
               f"exit status {done.returncode}, {left(story)}")  # fmt: skip
    world.follow("package-install", "install the package")
    world.wait_until_trading()
    world.follow("package-purge-all", "purge, with a yes beforehand")
    story.step("what is left", "nothing left", left(story))
    for account, name in ((world.main, "first"), (story.second, "second")):
        orders = [row["client_order_id"] for row in account.exchange.orders()]
        worst = max(orders.count(order) for order in orders)
        story.step(f"{name} exchange: most orders for one signal", "one order",
                   world.plural(worst))  # fmt: skip


def at_terminal(story, command):
    """As root, with a yes."""
    return story.machine.run("script", "--quiet", "--return", "--command", command, "/dev/null",
                             text="yes\n")  # fmt: skip


def left(story):
    """Whatever has our name, but what a person brought, and APT's own record."""
    found = story.machine.must(
        "find", "/", "-xdev", "-name", "*mexc-signal*", "-not", "-path", "/home/*", "-not",
        "-path", "/tmp/*").split()  # fmt: skip
    return ", ".join(sorted(found)) or "nothing left"


def from_the_sources(story, binaries):
    """After the package was removed, and back; then instead of the package, until nothing is left."""
    world, machine = story.world, story.machine
    world.follow("package-install", "install the package")
    check_out(story.scripts, binaries, machine)
    sources_after_package(story)
    first_signal(story)
    uninstall(story)
    story.step("the spool", "incoming", existing(world, world.main.spool + "/incoming"))
    story.step("scripts/uninstall --purge, with a yes", "exit status 0, none",
               f"{uninstall_all(story)}, " + existing(
                   world, "/etc/mexc-signald", world.main.state, world.main.spool))  # fmt: skip
    world.follow("package-install", "install the package again")
    story.step("the service", "active (running), enabled", at_boot(story))
    world.wait_until_trading()
    half_configured(story)
    sources_after_package(story)
    status, said = story.apt("purge", PACKAGE)
    story.step("purge of the package", "exit status 0", status)
    story.step("it says what it leaves", "yes", "yes" if "from the sources" in said else said)
    story.step("the service", "active (running), enabled", at_boot(story))
    story.step("configuration, database, list", "config.json5, state.db, installed-files",
               existing(world, world.main.configuration, f"{world.main.state}/state.db",
                        "/usr/share/mexc-signald/installed-files"))  # fmt: skip
    uninstall(story)
    story.step("scripts/uninstall --purge, with a yes; what is left", "exit status 0, nothing left",
               f"{uninstall_all(story)}, {left(story)}")  # fmt: skip


def at_boot(story):
    return f"{story.world.state()}, {story.enabled('mexc-signald.service')}"


def sources_after_package(story):
    world = story.world
    status, _ = story.apt("remove", PACKAGE)
    story.step("remove", "exit status 0", status)
    world.follow("install", "install from the sources")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    world.follow("start", "start")
    story.step("the service", "active (running), enabled", at_boot(story))
    world.wait_until_trading()
    story.step("mexc-signalctl status", "trading, paper", trading(world))


def uninstall(story):
    done = story.machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/uninstall",
                             user=OPERATOR)  # fmt: skip
    story.step("scripts/uninstall", "exit status 0", f"exit status {done.returncode}")
    named = (story.world.main.configuration in done.stderr
             and "scripts/uninstall --purge" in done.stderr)  # fmt: skip
    story.step("it says what stays, and how it goes", "yes", "yes" if named else done.stderr)


def uninstall_all(story):
    done = at_terminal(story, f"{CHECKOUT}/scripts/uninstall --purge")
    return f"exit status {done.returncode}"


def half_configured(story):
    """The scripts of the sources leave a package alone whose installation failed."""
    world, machine = story.world, story.machine
    database, broken = f"{world.main.state}/state.db", "/usr/local/bin/systemd-sysusers"
    machine.must("install", "-m", "0755", "/dev/stdin", broken, text="#!/bin/sh\nexit 1\n")
    # Not by APT, which has a search path of its own.
    machine.run("dpkg", "--install", story.file())
    machine.must("rm", broken)
    story.step("an installation that fails", "install ok half-configured",
               story.version().rpartition(" ")[0])  # fmt: skip
    story.step("scripts/uninstall --purge, with a yes", "exit status 1, state.db",
               f"{uninstall_all(story)}, {existing(world, database)}")  # fmt: skip
    done = machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/install", user=OPERATOR)
    story.step("scripts/install", "exit status 1", f"exit status {done.returncode}")
    machine.must("dpkg", "--configure", PACKAGE)
    story.step("dpkg --configure; the service", "active (running), enabled", at_boot(story))


def first_signal(story):
    """The README's first steps, in the operator's home, but for what needs the network."""
    world, machine = story.world, story.machine
    for name in ("apt-get", "swift"):
        machine.must("install", "-m", "0755", "/dev/stdin", f"/usr/local/bin/{name}",
                     text="#!/bin/sh\n")  # fmt: skip
    machine.write("/tmp/first-signal.sh", world.blocks["first-signal"])
    # The daemon that it leaves running holds no pipe of ours.
    done = machine.run("bash", "-c", f"cd {CHECKOUT} && timeout 60 bash -e /tmp/first-signal.sh "
                       ">/tmp/first-signal.log 2>&1", user=OPERATOR)  # fmt: skip
    machine.must("rm", "/usr/local/bin/apt-get", "/usr/local/bin/swift")
    shown = machine.must("cat", "/tmp/first-signal.log")
    word = "filled" if '"status": "filled"' in shown else shown
    story.step("README: a signal in 60 seconds", "exit status 0, filled",
               f"exit status {done.returncode}, {word}")  # fmt: skip
    machine.must("pkill", "-u", OPERATOR, "-x", "mexc-signald")
    until("the end of the operator's daemon", lambda: machine.run(
        "pgrep", "-u", OPERATOR, "-x", "mexc-signald").returncode != 0)
