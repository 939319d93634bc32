"""The console's unit, which is off by default, from its start to its second life."""

import re

from installation import EXPOSURE_MAXIMUM, exposure, trading
from machine import until

UNIT = "mexc-console.service"


def go(world):
    world.step(f"{UNIT}, after the installation", "disabled",
               world.machine.run("systemctl", "is-enabled", UNIT).stdout.strip())  # fmt: skip
    world.step("systemctl enable --now mexc-console", "exit status 0",
               world.systemctl("enable", "--now", "mexc-console"))  # fmt: skip
    world.step(UNIT, "active (running)", world.state(unit=UNIT))
    world.step(f"systemd-analyze security {UNIT}", f"{EXPOSURE_MAXIMUM} or less",
               exposure(world, UNIT))  # fmt: skip
    world.step("a link, opened twice", "303, then 401", ", then ".join(open_link(world)))
    before = process(world)
    world.machine.must("kill", "-KILL", before)
    until("the next console", lambda: process(world) not in ("0", before))
    until("a console that serves", lambda: open_link(world)[0] == "303")
    world.step(f"{UNIT} after a kill -9", "active (running)", world.state(unit=UNIT))
    world.step("the daemon meanwhile", "trading, live", trading(world))


def of_second(world, second):
    """The second account's, from the template, on a port of its own beside the first."""
    unit = second.unit.replace("mexc-signald", "mexc-console") + ".service"
    world.configure('s|listen: "127.0.0.1:8712"|listen: "127.0.0.1:8713"|', second)
    world.step(f"systemctl start {unit}", "exit status 0", world.systemctl("start", unit))
    world.step(f"{unit}, {UNIT}", "active (running), active (running)",
               f"{world.state(unit=unit)}, {world.state(unit=UNIT)}")  # fmt: skip
    world.step("its link, opened twice", "303, then 401", ", then ".join(open_link(world, second)))
    world.step(f"systemctl stop {unit}", "exit status 0", world.systemctl("stop", unit))


def process(world):
    return world.machine.must(
        "systemctl", "show", "--value", "-p", "MainPID", UNIT).strip()


def open_link(world, account=None):
    """The HTTP statuses of a new link that is opened twice."""
    link = world.machine.must(
        "mexc-signalctl", "--config", (account or world.main).configuration, "console").strip()
    host, port, target = re.fullmatch(r"http://([0-9.]+):([0-9]+)(/login\S+)", link).groups()
    ask = (f"exec 3<>/dev/tcp/{host}/{port} && printf '%s\\r\\n' 'GET {target} HTTP/1.1' "
           f"'Host: {host}:{port}' 'Connection: close' '' >&3 && head -n 1 <&3")  # fmt: skip
    answers = [world.machine.run("bash", "-c", ask).stdout.split() for _ in range(2)]
    return [answer[1] if len(answer) > 1 else "no answer" for answer in answers]
