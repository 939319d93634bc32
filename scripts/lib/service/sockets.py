"""The socket unit: no line is refused while the service is away."""

import threading

from failures import DROP_IN
from machine import until
from world import OPERATOR

UNIT = "mexc-signald.socket"
# One line after the other, each with a connection of its own, as a producer sends them that repeats
# what was not answered. It ends when the file "enough" is there.
PRODUCER = """
cd /tmp/producer
sent=0
until [ -e enough ]; do
  sent=$((sent + 1))
  line='{"id": "burst-'$sent'", "symbol": "BTCUSDT", "side": "buy", "type": "market",
    "quote_quantity": "6", "ttl_seconds": 300}'
  line=${line//$'\\n'/}
  answer=
  until [ -n "$answer" ]; do
    answer=$(socat -t 60 - UNIX-CONNECT:/run/mexc-signald/signal.sock <<<"$line" 2>error) ||
      { cat error >>refused; break; }
    [ -n "$answer" ] || echo "$sent" >>again
  done
  echo "$answer" >>answers
  sleep 0.5
done
"""


def go(world):
    world.follow("socket", "enable the socket unit")
    world.wait_until_trading()
    world.step("the socket and the service", "active (running), active (running)",
               f"{world.state(unit=UNIT)}, {world.state()}")  # fmt: skip
    world.step("a signal by socket", "accepted, one order", world.by_line("handed-over"))
    world.step("stop the service", "exit status 0", world.systemctl("stop", world.main.unit))
    world.step("a line to the stopped service starts it", "accepted, one order",
               world.by_line("starts-it"))  # fmt: skip
    steady_producer(world)
    failing_starts(world)
    wrong_configuration(world)
    stop(world)


def steady_producer(world):
    """Lines all along, while the service is restarted by hand and killed."""
    machine = world.machine
    machine.must("install", "-d", "-o", OPERATOR, "/tmp/producer")
    producer = threading.Thread(
        target=machine.run, args=("bash", "-c", PRODUCER), kwargs={"user": OPERATOR})
    producer.start()

    def read(name):
        return machine.run("cat", f"/tmp/producer/{name}").stdout

    until("the first answers", lambda: read("answers").count("\n") >= 2)
    for break_it in (["restart", world.main.unit], ["kill", "--signal=KILL", world.main.unit],
                     ["restart", world.main.unit]):  # fmt: skip
        world.life_after(lambda command=break_it: machine.must("systemctl", *command))
        count = read("answers").count("\n")
        until("answers of the next process", lambda: read("answers").count("\n") > count + 1)
    machine.must("touch", "/tmp/producer/enough")
    producer.join()
    answers = read("answers").splitlines()
    good = sum('"code":"accepted"' in line or '"code":"duplicate"' in line for line in answers)
    seen = [read("refused") or "none refused",
            "each accepted" if good == len(answers) else str(answers)]  # fmt: skip
    world.step("lines without a pause over restart, kill -9, restart",
               "none refused, each accepted", ", ".join(seen))  # fmt: skip


def failing_starts(world):
    """A line waits for as long as the service is tried again."""
    world.machine.must("systemctl", "stop", world.main.unit)
    world.machine.write(DROP_IN, "[Service]\nExecStartPre=+/usr/bin/false\n")
    world.machine.must("systemctl", "daemon-reload")
    world.machine.must("systemctl", "start", "--no-block", world.main.unit)
    until("the wait after a failure", lambda: world.show("SubState") == "auto-restart")
    answers = []
    client = threading.Thread(target=lambda: answers.append(world.by_line("patient")))
    client.start()
    count = int(world.show("NRestarts"))
    until("two starts more", lambda: int(world.show("NRestarts")) >= count + 2)
    world.machine.must("rm", DROP_IN)
    world.machine.must("systemctl", "daemon-reload")
    client.join()
    world.step("a line over starts that fail, until they do not", "accepted, one order", answers[0])
    world.wait_until_trading()


def wrong_configuration(world):
    """A line that waits starts the service; a wrong configuration must not be started for ever."""
    world.machine.must("systemctl", "stop", world.main.unit)
    world.configure("s/^  mode:/  mood:/")
    world.send("knocks")
    until("the socket to give up", lambda: world.state(unit=UNIT).startswith("failed"))
    world.step("a line to a service with a wrong configuration",
               "failed (failed), trigger-limit-hit", world.state(unit=UNIT))  # fmt: skip
    world.configure("s/^  mood:/  mode:/")
    world.step("start with a right one", "exit status 0", world.systemctl("start", world.main.unit))
    world.wait_until_trading()
    world.step("a signal by socket", "accepted, one order", world.by_line("knocks-again"))


def stop(world):
    world.step("stop the socket", "exit status 0", world.systemctl("stop", UNIT))
    world.step("the socket and the service", "inactive (dead), inactive (dead)",
               f"{world.state(unit=UNIT)}, {world.state()}")  # fmt: skip
    world.machine.must("systemctl", "start", world.main.unit)
    world.wait_until_trading()

