"""A booted Debian: systemd-nspawn on a root, and commands run in it."""

import os
import subprocess
import time

# Far above what a loaded machine needs.
PATIENCE_SECONDS = 120.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Trouble(Exception):
    """The machinery itself does not work, or something never came."""


def until(what, condition, seconds=PATIENCE_SECONDS):
    """The first true answer of a condition."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.05)
    raise Trouble(f"this never came: {what}")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_first_of_its_namespace(pid):
    numbers = [line.split()[1:] for line in read(f"/proc/{pid}/status").splitlines()
               if line.startswith("NSpid:")]  # fmt: skip
    return bool(numbers) and len(numbers[0]) > 1 and numbers[0][-1] == "1"


class Machine:
    def __init__(self, root, log):
        self.root = root
        self.log = log
        self.process = None
        self.leader = None

    def path(self, path):
        """A path of the machine, seen from outside. Not for what is mounted in there."""
        return os.path.join(self.root, path.lstrip("/"))

    def boot(self):
        with open(self.log, "ab") as log:
            # Not registered: outside there may be no system manager, and one that is there is to
            # hear nothing of this.
            self.process = subprocess.Popen(
                ["systemd-nspawn", "--register=no", "--keep-unit", "--console=pipe",
                 "--machine=check-service", "--directory", self.root, "--boot"],
                env={**os.environ, "UNIFIED_CGROUP_HIERARCHY": "yes"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until("the first process of the machine", self.find_leader)
        until("the machine's system manager", self.is_up)

    def find_leader(self):
        if self.process.poll() is not None:
            raise Trouble(f"systemd-nspawn ended with {self.process.returncode}")
        pid = self.process.pid
        children = read(f"/proc/{pid}/task/{pid}/children").split()
        # Others set it up and go.
        self.leader = next(filter(is_first_of_its_namespace, children), None)
        return self.leader

    def is_up(self):
        # The state of a machine without a bus is no state.
        return self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def run(self, *command, user=None, text=None):
        """Runs a command in the machine, as root or as in a new login of a user."""
        if user:
            home = f"/home/{user}"
            command = ["env", f"HOME={home}", f"USER={user}", f"LOGNAME={user}", "runuser", "-u",
                       user, "--", *command]  # fmt: skip
        return subprocess.run(
            ["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--pid", "--net",
             "--cgroup", "--", "env", "-i", f"PATH={PATH}", "LANG=C.UTF-8", *command],
            input=text, stdin=None if text is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    def must(self, *command, user=None, text=None):
        done = self.run(*command, user=user, text=text)
        if done.returncode != 0:
            raise Trouble(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def write(self, path, text):
        """As root of the machine, with its folders."""
        self.must("install", "-D", "-m", "0644", "/dev/stdin", path, text=text)

    def reboot(self):
        self.must("systemctl", "reboot")
        self.process.wait(PATIENCE_SECONDS)
        self.boot()
