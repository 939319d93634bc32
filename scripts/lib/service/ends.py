"""The ends of the package: purges with and without a yes, and the sources in its place."""

from inside import check_out
from installation import existing, trading
from machine import until
from packages import PACKAGE
from world import CHECKOUT, OPERATOR

DROP_IN = "/etc/systemd/system/mexc-signald.service.d/own.conf"
UNIT = "mexc-signald.service"
PROFILE = "/etc/apparmor.d/usr.bin.mexc-signald"
LIST = "/usr/share/mexc-signald/installed-files"
# It takes its place after the profiles, and before the copies that tell how they were.
BETWEEN = "/lib/systemd/system/mexc-console.service"
# One stays empty, the other has a file.
MOUNT_POINTS = ("/var/lib/mexc-signald-mounted", "/var/spool/mexc-signald-mounted")
# A mount point of its own in there, for a while with a file that cannot be removed.
WITHIN = f"{MOUNT_POINTS[1]}/within"


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
    world, machine = story.world, story.machine
    # Enabled by hand; the timer leaves a stamp.
    machine.must("systemctl", "enable", "--now", "mexc-signald-backup.timer")
    machine.must("systemctl", "enable", "mexc-signald.socket")
    # Not by APT, which forgets what is typed ahead.
    done = at_terminal(story, "DEBIAN_FRONTEND=teletype dpkg --purge mexc-signald")
    story.step("purge, with a yes at the terminal", "exit status 0, nothing left",
               f"exit status {done.returncode}, {left(story)}")  # fmt: skip
    world.follow("package-install", "install the package")
    world.wait_until_trading()
    for folder in MOUNT_POINTS:
        machine.must("mkdir", folder)
        machine.must("mount", "-t", "tmpfs", "tmpfs", folder)
    machine.must("touch", f"{MOUNT_POINTS[1]}/file")
    machine.must("touch", "/etc/credstore/mexc-signald.api_key")
    machine.must("mkdir", WITHIN)
    machine.must("mount", "-t", "tmpfs", "tmpfs", WITHIN)
    machine.must("touch", f"{WITHIN}/file")
    machine.must("mount", "-o", "remount,ro", WITHIN)
    world.follow("package-purge-all", "purge, with a yes beforehand, and a file that cannot go",
                 expected="exit status 100")  # fmt: skip
    machine.must("mount", "-o", "remount,rw", WITHIN)
    world.follow("package-purge-all", "purge, with a yes beforehand, and mount points")
    machine.must("umount", WITHIN)
    machine.must("rmdir", WITHIN)
    story.step("what is left in these", "nothing",
               machine.must("find", *MOUNT_POINTS, "-mindepth", "1").strip() or "nothing")
    machine.must("umount", *MOUNT_POINTS)
    machine.must("rmdir", *MOUNT_POINTS)
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
    stays_off(story)
    cut_off(story)
    another_machine(story)
    over_the_sources(story)
    former_package(story)
    half_configured(story)
    fails_over_the_sources(story)
    sources_after_package(story)
    purge_of_the_package(story)
    broken_off(story)
    changed_profile(story)
    uninstall(story, PROFILE)
    story.step("the changed profile", "usr.bin.mexc-signald", existing(world, PROFILE))
    story.step("scripts/uninstall --purge, with a yes; what is left", "exit status 0, nothing left",
               f"{uninstall_all(story)}, {left(story)}")  # fmt: skip


def stays_off(story):
    """What is off over the sources stays off, as on a second machine that is to trade for the first."""
    world, machine = story.world, story.machine
    world.follow("package-install", "install the package again")
    story.step("the service", "active (running), enabled", at_boot(story))
    machine.must("systemctl", "disable", "--now", UNIT)
    status, _ = story.apt("remove", PACKAGE)
    story.step("disable it, remove", "exit status 0", status)
    world.follow("install", "install from the sources")
    world.follow("package-install", "install the package over them")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    status, _ = story.apt("remove", PACKAGE)
    world.follow("install", "remove that, install from the sources")
    world.follow("start", "start")
    # The package's own notes still say that it is disabled.
    purge_of_the_package(story)
    machine.must("systemctl", "disable", "--now", UNIT)
    world.follow("package-install", "stop it, install the package over the sources")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    story.step("the list of the sources", "none", existing(world, LIST))
    machine.must("systemctl", "enable", "--now", UNIT)
    version = story.take("later")
    world.follow("package-upgrade", "start it, upgrade")
    story.step("dpkg's word on it", f"install ok installed {version}", story.version())
    story.step("the service", "active (running), enabled", at_boot(story))
    status, _ = story.apt("purge", PACKAGE)
    story.step("purge", "exit status 0", status)
    story.take("present")


def cut_off(story):
    """A first scripts/install that came no further than its list, then the package."""
    world = story.world
    story.machine.must("install", "-D", "/dev/null", LIST)
    world.follow("package-install", "install the package where scripts/install was cut off")
    story.step("the configuration, the list", "config.json5",
               existing(world, world.main.configuration, LIST))  # fmt: skip
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    status, _ = story.apt("purge", PACKAGE)
    story.step("purge", "exit status 0", status)


def another_machine(story):
    """It trades since scripts/uninstall, which leaves the configuration: the package starts nothing."""
    world, machine = story.world, story.machine
    world.follow("install", "install from the sources")
    world.follow("start", "start")
    machine.must("systemctl", "disable", "--now", UNIT)
    uninstall(story)
    world.follow("package-install", "install the package where a configuration is")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    machine.must("systemctl", "enable", "--now", UNIT)
    sources_after_package(story)
    uninstall(story)
    world.follow("package-install", "install the package again")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    story.step("the AppArmor profiles", "usr.bin.mexc-signald, usr.bin.mexc-console",
               existing(world, PROFILE, PROFILE.replace("signald", "console")))  # fmt: skip
    machine.must("systemctl", "enable", "--now", UNIT)
    status, _ = story.apt("remove", PACKAGE)
    story.step("start it, remove", "exit status 0", status)
    world.follow("package-install", "install the package again")
    story.step("the service", "active (running), enabled", at_boot(story))


def over_the_sources(story):
    """What runs goes on, what is enabled stays so, and neither brings the other."""
    world, machine = story.world, story.machine
    status, _ = story.apt("remove", PACKAGE)
    world.follow("install", "remove it, install from the sources")
    machine.must("systemctl", "start", UNIT)
    before = world.show("MainPID")
    world.follow("package-install", "start without enable, install the package")
    story.step("the service", "active (running), disabled", at_boot(story))
    story.step("its process", "another",
               "the same" if world.show("MainPID") == before else "another")  # fmt: skip
    status, _ = story.apt("remove", PACKAGE)
    world.follow("install", "remove it, install from the sources")
    machine.must("systemctl", "enable", UNIT)
    world.follow("package-install", "enable without start, install the package")
    story.step("the service", "inactive (dead), enabled", at_boot(story))
    status, _ = story.apt("purge", PACKAGE)
    story.step("purge", "exit status 0", status)


def former_package(story):
    """One with the configuration as a conffile, again after the present one was only unpacked, then
    the present one: dpkg forgets it."""
    world = story.world
    story.take("before")
    world.follow("package-install", "install a former package")
    story.take("present")
    story.machine.must("dpkg", "--unpack", story.file())
    story.take("before")
    story.machine.must("dpkg", "--force-confold", "--install", story.file())
    story.take("present")
    world.follow("package-upgrade", "upgrade")
    story.step("the configuration, what was diverted", "config.json5", existing(
        world, world.main.configuration, f"{world.main.configuration}.diverted"))  # fmt: skip
    known = story.machine.must("dpkg-query", "--show", "--showformat", "${Conffiles}", PACKAGE)
    story.step("dpkg knows the configuration", "no",
               "yes" if world.main.configuration in known else "no")  # fmt: skip
    story.step("diversions of it", "none", story.machine.must(
        "dpkg-divert", "--list", "*mexc-signald*").strip() or "none")  # fmt: skip
    story.step("the service", "active (running), enabled", at_boot(story))
    world.wait_until_trading()


def purge_of_the_package(story):
    """Once it was removed, with the sources in its place."""
    world = story.world
    status, said = story.apt("purge", PACKAGE)
    story.step("purge of the package", "exit status 0", status)
    story.step("it says what it leaves", "yes", "yes" if "from the sources" in said else said)
    story.step("the service", "active (running), enabled", at_boot(story))
    story.step("configuration, database, list", "config.json5, state.db, installed-files",
               existing(world, world.main.configuration, f"{world.main.state}/state.db",
                        LIST))  # fmt: skip


def broken_off(story):
    """A scripts/install that ended between the profiles and what tells how they were: as an upgrade, from
    which a person goes back, then as the first one, which is removed."""
    world, machine = story.world, story.machine
    world.follow("install", "install again")
    machine.must("sh", "-c", f"echo '# The next.' >>{CHECKOUT}{PROFILE}")
    end_between(story, f"{BETWEEN}.dpkg-new")
    story.step("what takes room beside the files", "none", existing(
        world, f"{PROFILE}.dpkg-new", f"{BETWEEN}.dpkg-new"))  # fmt: skip
    end_between(story)
    story.step("the profile", "# The next.", machine.must("tail", "-n", "1", PROFILE).strip())
    machine.must("sed", "-i", "$d", f"{CHECKOUT}{PROFILE}")
    world.follow("install", "install the version before")
    compared = machine.run("cmp", PROFILE, f"{CHECKOUT}{PROFILE}")
    story.step("the profile is that of the sources", "exit status 0",
               f"exit status {compared.returncode}")  # fmt: skip
    uninstall(story)
    end_between(story)
    uninstall(story)
    story.step("what is left of it", "none", existing(
        world, PROFILE, BETWEEN, f"{BETWEEN}.dpkg-new", "/usr/bin/mexc-signald.dpkg-new",
        "/usr/share/mexc-signald"))  # fmt: skip


def end_between(story, place=BETWEEN):
    machine, tools = story.machine, ("mv", "install")
    for name in tools:
        machine.must(
            "/usr/bin/install", "-m", "0755", "/dev/stdin", f"/usr/local/bin/{name}",
            text=f'#!/bin/sh\nfor last; do :; done\n[ "$last" != {place} ] || exit 1\n'
                 f'exec /usr/bin/{name} "$@"\n')  # fmt: skip
    done = machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/install", user=OPERATOR)
    machine.must("rm", *(f"/usr/local/bin/{name}" for name in tools))
    story.step("scripts/install, broken off", "exit status 1", f"exit status {done.returncode}")


def changed_profile(story):
    """As by aa-enforce; an older one is no such, where nothing tells how it was installed. A file that
    only the installation before had goes."""
    world, machine = story.world, story.machine
    world.follow("install", "install again")
    machine.must("sh", "-c", f"echo '# As it was.' >>{PROFILE}; "
                 "rm -r /usr/share/mexc-signald/apparmor.d")  # fmt: skip
    world.follow("install", "install again, as over an older version")
    compared = machine.run("cmp", PROFILE, f"{CHECKOUT}{PROFILE}")
    story.step("the profile is that of the sources", "exit status 0",
               f"exit status {compared.returncode}")  # fmt: skip
    machine.must("sh", "-c", f"echo '# As it is here.' >>{PROFILE}")
    obsolete = "/usr/share/doc/mexc-signald/obsolete"
    machine.must("sh", "-c", f"touch {obsolete}; "
                 f"echo {obsolete} >>{LIST}; "
                 f"LC_ALL=C sort -o {LIST} {LIST}")  # fmt: skip
    world.follow("install", "install again, with a changed profile")
    kept = machine.must("tail", "-n", "1", PROFILE).strip()
    story.step("the profile", "# As it is here.", kept)
    story.step("a file of the installation before", "none", existing(world, obsolete))


def at_boot(story):
    return f"{story.world.state()}, {story.enabled(UNIT)}"


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


def uninstall(story, *kept):
    """The configuration stays, and what else is named."""
    done = story.machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/uninstall",
                             user=OPERATOR)  # fmt: skip
    story.step("scripts/uninstall", "exit status 0", f"exit status {done.returncode}")
    words = (story.world.main.configuration, "scripts/uninstall --purge", *kept)
    named = all(word in done.stderr for word in words)
    story.step("it says what stays, and how it goes", "yes", "yes" if named else done.stderr)


def uninstall_all(story):
    done = at_terminal(story, f"{CHECKOUT}/scripts/uninstall --purge")
    return f"exit status {done.returncode}"


def half_configured(story):
    """The scripts of the sources leave a package alone whose installation failed."""
    world, machine = story.world, story.machine
    database = f"{world.main.state}/state.db"
    failing_installation(story)
    story.step("scripts/uninstall --purge, with a yes", "exit status 1, state.db",
               f"{uninstall_all(story)}, {existing(world, database)}")  # fmt: skip
    done = machine.run("bash", "-c", f"cd {CHECKOUT} && sudo scripts/install", user=OPERATOR)
    story.step("scripts/install", "exit status 1", f"exit status {done.returncode}")
    machine.must("dpkg", "--configure", PACKAGE)
    story.step("dpkg --configure; the service", "active (running), enabled", at_boot(story))


def failing_installation(story):
    machine, broken = story.machine, "/usr/local/bin/systemd-sysusers"
    machine.must("install", "-m", "0755", "/dev/stdin", broken, text="#!/bin/sh\nexit 1\n")
    # Not by APT, which has a search path of its own.
    machine.run("dpkg", "--install", story.file())
    machine.must("rm", broken)
    story.step("an installation that fails", "install ok half-configured",
               story.version().rpartition(" ")[0])  # fmt: skip


def fails_over_the_sources(story):
    """What was off there stays off, also when the package is removed and comes back."""
    world = story.world
    status, _ = story.apt("remove", PACKAGE)
    world.follow("install", "remove the package, install from the sources")
    failing_installation(story)
    status, _ = story.apt("remove", PACKAGE)
    story.step("remove", "exit status 0", status)
    world.follow("package-install", "install the package")
    story.step("the service", "inactive (dead), disabled", at_boot(story))
    story.machine.must("systemctl", "enable", "--now", UNIT)


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
