"""The life of the package on a machine: first use, upgrades, downgrades, removal; its ends are in
ends.py."""

import glob
import os
import re
import shutil
import time

import console
import elsewhere
import ends
import named_accounts
from inside import give_to_operator
from installation import EXPOSURE_MAXIMUM, existing, exposure, journal_fields, trading
from machine import Trouble, until
from packages import DOCUMENT, PACKAGE
from world import CHECKOUT

# Where scripts/package puts it.
FOLDER = f"{CHECKOUT}/.build/package"
# Where the tests of the store have the ways back to a schema before.
FORMER = "Sources/TestKit/FormerSchema.swift"
# The profile that a person has changed.
PROFILE = "/etc/apparmor.d/usr.bin.mexc-signald"


def go(world, second, scripts, binaries, folder):
    story = Story(world, second, scripts, folder)
    story.first_installation()
    story.use()
    console.go(world)
    story.second_account()
    console.of_second(world, second)
    story.upgrade()
    story.next_build()
    story.former_build()
    story.wrong_configuration()
    named_accounts.go(story)
    story.migration()
    story.downgrade()
    story.removal()
    ends.purge(story)
    ends.purge_with_a_yes(story)
    ends.from_the_sources(story, binaries)


class Story:
    def __init__(self, world, second, scripts, folder):
        self.world = world
        self.machine = world.machine
        self.second = second
        self.scripts = scripts
        self.databases = [f"{account.state}/live.db" for account in (world.main, second)]
        self.folder = folder

    # MARK: Steps

    def take(self, which, folder=FOLDER):
        """Puts a package where the README's steps find it; answers with its version."""
        shutil.rmtree(self.machine.path(folder), ignore_errors=True)
        os.makedirs(self.machine.path(folder))
        file = glob.glob(os.path.join(self.folder, which, "*.deb"))[0]
        shutil.copy(file, self.machine.path(folder))
        give_to_operator(self.machine)
        return os.path.basename(file).split("_")[1]

    def apt(self, *arguments):
        """As root, as a script would. Answers with the exit status and what was printed."""
        done = self.machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes",
                                *arguments)  # fmt: skip
        return f"exit status {done.returncode}", done.stdout + done.stderr

    def file(self):
        return glob.glob(self.machine.path(f"{FOLDER}/*.deb"))[0].removeprefix(self.machine.root)

    def step(self, title, expected, seen):
        self.world.step(title, expected, seen)

    def version(self):
        return self.machine.run("dpkg-query", "--show", "--showformat",
                                "${Status} ${Version}", PACKAGE).stdout  # fmt: skip

    def schemas(self, paths):
        return ", ".join(self.machine.must(
            "sqlite3", "-readonly", path, "PRAGMA user_version").strip() for path in paths)

    def processes(self):
        return [self.world.show("MainPID", account) for account in (None, self.second)]

    def states(self):
        return f"{self.world.state()}, {self.world.state(self.second)}"

    def again(self, name):
        """A signal that was executed once, dropped again under another file name."""
        self.world.drop(name, file=f"{name}-{time.monotonic_ns()}-again")
        return self.world.send(name).get("code", "no answer")

    # MARK: Chapters

    def first_installation(self):
        world, machine = self.world, self.machine
        os.makedirs(machine.path(FOLDER))
        version = self.take("before")
        world.follow("package-install", "install the package")
        self.step("dpkg's word on it", f"install ok installed {version}", self.version())
        self.step("the service", "active (running)", world.state())
        self.step("the service at the next boot", "enabled", self.enabled("mexc-signald.service"))
        self.step("the socket unit, the backup timer", "disabled, disabled",
                  ", ".join(self.enabled(unit) for unit in (
                      "mexc-signald.socket", "mexc-signald-backup.timer")))  # fmt: skip
        self.step("the configuration", "root mexc-signald 640", machine.must(
            "stat", "-c", "%U %G %a", world.main.configuration).strip())
        self.step("the spool", "mexc-signald mexc-signald 2770", machine.must(
            "stat", "-c", "%U %G %a", world.main.spool + "/incoming").strip())
        verified = machine.run("sh", "-c", "systemd-analyze verify "
                               "$(dpkg -L mexc-signald | grep /systemd/system/mexc-signald | "
                               "sed 's/@\\./@x./')")  # fmt: skip
        self.step("systemd-analyze verify, all units", "exit status 0, not a word",
                  f"exit status {verified.returncode}, "
                  f"{verified.stdout + verified.stderr or 'not a word'}")  # fmt: skip
        self.step("systemd-analyze security mexc-signald.service", f"{EXPOSURE_MAXIMUM} or less",
                  exposure(world, "mexc-signald.service"))  # fmt: skip
        checked = machine.run("dpkg", "--verify", PACKAGE)
        self.step("dpkg --verify", "not a word", checked.stdout.strip() or "not a word")

    def enabled(self, unit):
        return self.machine.run("systemctl", "is-enabled", unit).stdout.strip()

    def use(self):
        """The README's other steps, from the status on."""
        world = self.world
        world.wait_until_trading()
        world.follow("status", "status, journal")
        self.step("mexc-signalctl status", "trading, paper", trading(world))
        world.follow("by-file", "a signal by file, after a new login")
        until("the report on the README's signal", lambda: world.outcome("hello"))
        world.follow("outcome", "what came of it")
        world.follow("by-socket", "a signal by socket")
        journal_fields(world)
        exchange = world.main.exchange
        world.follow("keys", "key and secret", answers=f"{exchange.key}\n{exchange.secret}\n")
        world.follow("live", "from paper to live")
        world.wait_until_trading()
        self.step("mexc-signalctl status", "trading, live", trading(world))
        self.step("a signal by file", "filled, one order", world.by_file("first"))
        self.step("a signal by socket", "accepted, one order", world.by_line("first-line"))
        self.step("mexc-signalctl doctor", "exit status 0", self.doctor())
        self.step("journalctl -p warning", "empty",
                  "; ".join(world.journal("-p", "warning")) or "empty")  # fmt: skip

    def doctor(self):
        done = self.machine.run(
            "mexc-signalctl", "--config", self.world.main.configuration, "doctor")
        return f"exit status {done.returncode}" + ("" if done.returncode == 0 else done.stdout)

    def second_account(self):
        world, exchange = self.world, self.second.exchange
        answers = f"{exchange.key}\n{exchange.secret}\n"
        world.follow("second-account", "a second account", answers=answers)
        # The other simulated exchange listens on another port.
        world.configure(
            f's|https://api.mexc.com"|https://api.mexc.com:{exchange.port}"|', self.second)
        world.follow("second-start", "start it")
        world.wait_until_trading(self.second)
        self.step("second account: a signal by file", "filled, one order",
                  world.by_file("second-first", self.second))  # fmt: skip

    def upgrade(self):
        """The same schema, while both accounts trade."""
        world = self.world
        before = self.processes()
        self.machine.must("sh", "-c", f"echo '# As it is here.' >>{PROFILE}")
        own = self.own_files()
        version = self.take("present")
        world.follow("package-upgrade", "upgrade")
        self.step("dpkg's word on it", f"install ok installed {version}", self.version())
        changed = sum(a != b for a, b in zip(before, self.processes(), strict=True))
        self.step("both services", "active (running), active (running)", self.states())
        self.step("processes of the next version", "2", str(changed))
        self.step("the configuration", "trading, live", self.trading_again())
        self.step("what the person has changed", "the same",
                  "the same" if self.own_files() == own else "changed")  # fmt: skip
        self.step("copies of the database", "0", str(len(self.copies())))
        self.step("the first signal again", "duplicate", self.again("first"))
        self.step("a signal by file", "filled, one order", world.by_file("upgraded"))
        self.step("journalctl -p err", "empty", "; ".join(world.journal("-p", "err")) or "empty")

    def own_files(self):
        return self.machine.must("cat", self.world.main.configuration, PROFILE)

    def next_build(self):
        """Of the same version, while both accounts trade."""
        before, own = self.processes(), self.own_files()
        version = self.take("later")
        self.world.follow("package-upgrade", "upgrade to the next build")
        self.step("dpkg's word on it", f"install ok installed {version}", self.version())
        self.step("what only that build has", "next-build", existing(self.world, DOCUMENT))
        changed = sum(a != b for a, b in zip(before, self.processes(), strict=True))
        self.step("processes of the next build", "2", str(changed))
        self.step("what the person has changed", "the same",
                  "the same" if self.own_files() == own else "changed")  # fmt: skip
        self.trading_again()

    def former_build(self):
        """One with the configuration as a conffile, and back, while both accounts trade."""
        own = self.own_files()
        version = self.take("before", f"{FOLDER}/before")
        self.world.follow("package-downgrade", "downgrade")
        self.step("dpkg's word on it", f"install ok installed {version}", self.version())
        self.world.follow("package-upgrade", "upgrade")
        self.step("what the person has changed", "the same",
                  "the same" if self.own_files() == own else "changed")  # fmt: skip
        self.trading_again()

    def trading_again(self):
        self.world.wait_until_trading()
        self.world.wait_until_trading(self.second)
        return trading(self.world)

    def copies(self):
        """Of every account."""
        found = []
        for account in (self.world.main, self.second):
            folder = f"{account.state}/backups"
            names = self.machine.run("ls", folder).stdout.split()
            found += [f"{folder}/{name}" for name in names]
        return found

    def wrong_configuration(self):
        world = self.world
        before = self.processes()
        world.configure("s/^  mode:/  mood:/")
        status, said = self.apt("install", "--reinstall", self.file())
        self.step("upgrade with a wrong configuration", "exit status 0", status)
        after = self.processes()
        self.step("that service, the other one", "the same process, another process",
                  ", ".join(f"{'the same' if a == b else 'another'} process"
                            for a, b in zip(before, after, strict=True)))  # fmt: skip
        self.step("it is said, with the key", "yes", "yes" if "mood" in said
                  and "mexc-signald.service is not restarted" in said else said)  # fmt: skip
        world.configure("s/^  mood:/  mode:/")
        self.step("restart with a right one", "exit status 0",
                  world.systemctl("restart", world.main.unit))  # fmt: skip
        world.wait_until_trading()

    def migration(self):
        """From databases of the schema before, as the version before would have left them."""
        world, machine = self.world, self.machine
        present = self.schemas(self.databases)
        former = str(int(present.split(",")[0]) - 1)
        both = f"{former}, {former}"
        machine.must("systemctl", "stop", world.main.unit, self.second.unit)
        way_back = self.way_back(present.split(",")[0], former)
        for path in self.databases:
            self.set_back(path, way_back, former)
        self.take("older")
        status, _ = self.apt("install", "--allow-downgrades", self.file())
        self.step("the version before, with its databases", f"exit status 0, schemas {both}",
                  f"{status}, schemas {self.schemas(self.databases)}")  # fmt: skip
        self.take("present")
        # A file where the copies are to lie.
        in_the_way = f"{world.main.state}/backups"
        machine.must("touch", in_the_way)
        version = self.version()
        status, _ = self.apt("install", self.file())
        self.step("upgrade without room for a copy", "exit status 100, nothing changed",
                  f"{status}, {'nothing changed' if self.version() == version else 'changed'}")
        machine.must("rm", in_the_way)
        # As the next version has it, and not the one that is here.
        world.configure("s/^  mode:/  key_of_the_next: 1,\\n&/")
        elsewhere.make(self)
        # It cannot read any configuration.
        machine.write("/usr/bin/mexc-signald", "#!/bin/sh\nexit 78\n")
        world.follow("package-upgrade", "upgrade")
        world.configure("/key_of_the_next/d")
        copies = elsewhere.copies(self)
        self.step("the copy of a database elsewhere", f"1, schema {former}",
                  f"{len(copies)}, schema {self.schemas(copies)}")  # fmt: skip
        elsewhere.remove(self)
        self.step("copies of the databases", f"2, schemas {both}",
                  f"{len(self.copies())}, schemas {self.schemas(self.copies())}")  # fmt: skip
        self.step("the stopped services", "inactive (dead), inactive (dead)", self.states())
        machine.must("systemctl", "start", world.main.unit, self.second.unit)
        self.step("start; the databases", f"trading, live, schemas {present}",
                  f"{self.trading_again()}, schemas {self.schemas(self.databases)}")  # fmt: skip
        self.step("the first signal again", "duplicate", self.again("first"))
        self.step("mexc-signalctl verify", "exit status 0", self.verified())
        status, _ = self.apt("install", "--reinstall", self.file())
        self.step("the same version again; copies", "exit status 0, 2",
                  f"{status}, {len(self.copies())}")  # fmt: skip

    def way_back(self, present, former):
        """The statements from one schema to the one before, as the tests of the store have them."""
        with open(os.path.join(self.scripts, "..", FORMER), encoding="utf-8") as file:
            text = file.read()
        found = re.search(
            rf"From version {present} of a database to version {former},[^\n]*\n[^\n]* static let \w+ =\s*"
            r'(?:"""(.*?)"""|"([^"]*)\\n")', text, re.DOTALL)  # fmt: skip
        if found is None:
            raise Trouble(f"{FORMER} tells no way from version {present} to {former}")
        return found[1] or found[2]

    def set_back(self, path, way_back, schema):
        """A database as a program of that schema leaves it."""
        script = f"BEGIN; {way_back} PRAGMA user_version = {schema}; COMMIT;"
        self.machine.must("runuser", "-u", "mexc-signald", "--", "sqlite3", "-bail", path,
                          text=script + "PRAGMA wal_checkpoint(TRUNCATE);")  # fmt: skip

    def verified(self):
        done = self.machine.run(
            "mexc-signalctl", "--config", self.world.main.configuration, "verify")
        return f"exit status {done.returncode}"

    def downgrade(self):
        """Refused with what to do, and then what it says is done."""
        world = self.world
        self.trading_again()
        self.step("a signal by file", "filled, one order", world.by_file("after-the-copy"))
        before, version = self.processes(), self.version()
        present = self.schemas(self.databases)
        self.take("older")
        elsewhere.refused_downgrade(self)
        status, said = self.apt("install", "--allow-downgrades", self.file())
        self.step("a downgrade that cannot read the databases", "exit status 100", status)
        self.step("what is installed, and the processes", "the same, the same",
                  f"{'the same' if self.version() == version else self.version()}, "
                  f"{'the same' if self.processes() == before else 'others'}")  # fmt: skip
        self.step("it says what to do, for each account", "yes",
                  "yes" if [len(self.todo(said, number)) for number in (1, 2, 4, 5)] == [2] * 4
                  else said)  # fmt: skip
        self.machine.must("mexc-signalctl", "--config", self.second.configuration, "halt", "lunch")
        self.do(said, 1, 2)
        status, _ = self.apt("install", "--allow-downgrades", self.file())
        self.step("1. to 3.: stop, give it up, install", "exit status 0", status)
        self.step("the databases, schemas", present, self.schemas(self.databases))
        self.do(said, 4, 5)
        for account in (world.main, self.second):
            until("the service", lambda account=account: world.status(account))
        self.step("4. and 5.: restore, start", "active (running), active (running)", self.states())
        self.step("the account that was halted", "halted", world.status(self.second)["state"])
        self.step("what gave them up", "none", existing(
            world, *(f"{path}.downgrade" for path in self.databases)))  # fmt: skip
        self.step("a signal from before the copy", "duplicate", self.again("first"))
        world.drop("after-the-copy", file="found")
        report = world.outcome("found")
        self.step("one from after it is found, not sent again", "filled, one order",
                  f"{report.get('status')}, {world.count(report.get('client_order_id'))}")
        for account in (world.main, self.second):
            self.machine.must("mexc-signalctl", "--config", account.configuration, "resume")
        self.step("resume; mexc-signalctl status", "trading, live", self.trading_again())
        self.take("present")
        world.follow("package-upgrade", "upgrade")
        self.step("mexc-signalctl status", "trading, live", self.trading_again())

    @staticmethod
    def todo(said, number):
        lines = [line.strip() for line in said.splitlines()]
        return [line[3:] for line in lines if line.startswith(f"{number}. ")]

    def do(self, said, *numbers):
        for number in numbers:
            for command in self.todo(said, number):
                self.machine.must("sh", "-c", command)

    def removal(self):
        world, machine = self.world, self.machine
        status, _ = self.apt("remove", PACKAGE)
        self.step("remove", "exit status 0", status)
        self.step("the services", "inactive (dead), inactive (dead)", self.states())
        self.step("the programs, the units", "none", existing(
            world, "/usr/bin/mexc-signald", "/usr/bin/mexc-signalctl", "/usr/bin/mexc-sim",
            "/lib/systemd/system/mexc-signald.service"))  # fmt: skip
        kept = existing(world, world.main.configuration, self.databases[0],
                        world.main.spool + "/incoming")  # fmt: skip
        self.step("configuration, database, spool", "config.json5, live.db, incoming", kept)
        world.follow("package-install", "install the package")
        self.step("the service", "active (running)", world.state())
        world.wait_until_trading()
        self.step("the first signal again", "duplicate", self.again("first"))
        machine.must("systemctl", "start", self.second.unit)
        world.wait_until_trading(self.second)
