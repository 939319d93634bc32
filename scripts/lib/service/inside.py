"""The part that is shut in: boots the machine and goes through everything. Arguments: the folder of
the scripts, that of the programs, and that of the run."""

import os
import shutil
import subprocess
import sys

import accounts
import exchange
import failures
import installation
import sockets
from machine import Machine, Trouble
from world import CHECKOUT, OPERATOR, STRANGER, Account, World

# The pair that MEXC's own documentation prints, and two that look like it.
MAIN = ("mx0aBYs33eIilxBWC5", "45d0b3c26f2644f19bfb98b07741b2f5")
SECOND = ("mx0aBYs33eIilxBWC6", "45d0b3c26f2644f19bfb98b07741b2f6")


def seal():
    """Loopback is all the network there is in here; /run is emptied for systemd-nspawn."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


def check_out(scripts, binaries, machine):
    """The repository with its release programs, in the operator's home."""
    target = machine.path(CHECKOUT)
    release = os.path.join(target, ".build", "release")
    os.makedirs(release)
    for folder in ("Sources", "etc", "scripts", "systemd"):
        shutil.copytree(os.path.join(scripts, "..", folder), os.path.join(target, folder))
    shutil.copy(os.path.join(scripts, "..", "README.md"), target)
    for program in shipped_programs(scripts):
        shutil.copy(os.path.join(binaries, program), release)
    give_to_operator(machine)


def give_to_operator(machine):
    machine.must("chown", "-R", f"{OPERATOR}:{OPERATOR}", CHECKOUT)


def shipped_programs(scripts):
    listed = subprocess.run(
        ["bash", "-c", 'cd "$1/.." && . scripts/lib/layout.sh && shipped_programs', "", scripts],
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return listed.stdout.split()


def prepare(machine, certificate):
    """Two people, and the exchange's name and certificate."""
    for user in (OPERATOR, STRANGER):
        machine.must("useradd", "--create-home", "--shell", "/bin/bash", user)
    machine.write(f"/etc/sudoers.d/{OPERATOR}", f"{OPERATOR} ALL=(ALL) NOPASSWD: ALL\n")
    hosts = f"127.0.0.1 localhost {os.uname().nodename}\n127.0.0.1 {exchange.HOST}\n"
    machine.write("/etc/hosts", hosts)
    with open(certificate, encoding="ascii") as file:
        machine.write("/usr/local/share/ca-certificates/check-service.crt", file.read())
    machine.must("update-ca-certificates")


def go(scripts, binaries, folder, check, tell):
    """Boots the machine and lets `tell(world, second)` go through everything; `second` is the
    account of another exchange."""
    seal()
    machine = Machine(os.path.join(folder, "root"), os.path.join(folder, "console"))
    certificate = exchange.make_certificate(folder)
    first = exchange.Exchange(binaries, certificate, 443, *MAIN)
    second = exchange.Exchange(binaries, certificate, 8443, *SECOND)
    world = World(machine, scripts, Account(first), check)
    machine.boot()
    prepare(machine, certificate[0])
    try:
        tell(world, Account(second, "second"))
    except Trouble as trouble:
        print(f"{trouble}\n{world.tail()}", flush=True)
        with open(machine.log, encoding="utf-8", errors="replace") as file:
            print("The end of the console:\n" + "".join(file.readlines()[-30:]), flush=True)
        return 1
    world.step("every block of the README's section was run", "yes",
               ", ".join(sorted(world.unused_blocks)) or "yes")  # fmt: skip
    with open(os.path.join(folder, "transcript"), "w", encoding="utf-8") as file:
        file.write(world.transcript.text)
    return 1 if world.transcript.differences else 0


def main(scripts, binaries, folder):
    def tell(world, second):
        check_out(scripts, binaries, world.machine)
        installation.go(world)
        failures.go(world)
        sockets.go(world)
        accounts.go(world, second)
        installation.uninstall(world)

    return go(scripts, binaries, folder, "check-service", tell)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
