"""The part that runs on this machine: prepares, starts the part that is shut in, cleans up."""

import argparse
import ctypes
import dataclasses
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable

import pristine
import readme

NOT_RUN = 3
# prctl(2).
PR_SET_PDEATHSIG = 1

PACKAGES = "systemd-container debootstrap iproute2 mount openssl procps util-linux"

BUILD = """
cd "$1/.."
. scripts/lib/setup.sh
need_swift
{ is_installed libssl-dev && is_installed libsqlite3-dev; } || apt-get -qq update
# For root. What is installed on this machine stays of the version that it is.
sudo() {
  case $1 in
    apt-get) shift && apt-get --no-upgrade "$@" ;;
    *) "$@" ;;
  esac
}
export -f sudo
say "Building (the first time takes some minutes) …"
bash -euo pipefail -c "$2" >&2
build_release
"""


@dataclasses.dataclass(frozen=True)
class Check:
    """What differs from one check to another."""

    name: str
    # The file of the part that is shut in.
    inside: str
    # Debian packages, besides those that every check needs.
    packages: str = ""
    # Makes what the part that is shut in needs, from the scripts and the programs, in the run's
    # folder. Answers with whether all was as expected.
    prepare: Callable[[str, str, str], bool] = lambda here, binaries, folder: True
    # Whether the README shows its transcript.
    is_shown: bool = False


# Namespaces of its own for everything that follows: what happens to processes, mounts and the
# network in there ends with the first process in there, which ends with this one.
SHUT_IN = ["unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork",
           "--kill-child=SIGKILL", "--mount-proc"]  # fmt: skip


def say(text):
    print(text, file=sys.stderr, flush=True)


def why_not():
    """Why it cannot be run here; None when it can."""
    release = {}
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            lines = [line.rstrip().replace('"', "") for line in file]
        release = dict(line.split("=", 1) for line in lines if "=" in line)
    except OSError:
        pass
    if (release.get("ID"), release.get("VERSION_ID")) != ("debian", "12"):
        return "this is not Debian 12"
    if os.geteuid() != 0:
        return "it needs root"
    tried = subprocess.run([*SHUT_IN, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode != 0:
        return f"no namespaces: {tried.stderr.strip()}"
    try:
        for folder in cgroups("try-" + str(os.getpid())):
            os.mkdir(folder)
            os.rmdir(folder)
    except OSError as error:
        return f"no control groups: {error}"
    return None


def shell(script, *arguments, output=None):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script, "check", *arguments],
        stdout=output, text=True, check=False,
    )  # fmt: skip


def build(here):
    """Runs the README's own line for it, and answers with the folder of the programs."""
    done = shell(BUILD, here, readme.build_block(here), output=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(1)
    return done.stdout.strip().splitlines()[-1]


def cgroups(name):
    """A group of this name below our own, in each hierarchy that systemd uses."""
    found = []
    with open("/proc/self/cgroup", encoding="ascii") as file:
        for line in file:
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if controllers == "":
                unified = "/sys/fs/cgroup/unified"
                top = unified if os.path.isdir(unified) else "/sys/fs/cgroup"
            elif controllers == "name=systemd":
                top = "/sys/fs/cgroup/systemd"
            else:
                continue
            found.append(os.path.join(top, path.strip("/"), "check-service-" + name))
    return found


def remove_cgroups(name):
    for folder in cgroups(name):
        for path, _, _ in os.walk(folder, topdown=False):
            try:
                os.rmdir(path)
            except OSError:
                # Its last process is not gone yet; the next run removes it.
                pass


class Run:
    """A folder and control groups that go with this process, or with the next run's beginning."""

    def __init__(self, cache):
        os.makedirs(cache, exist_ok=True)
        with pristine.locked(cache):
            for entry in os.scandir(cache):
                if entry.name.startswith("run-"):
                    self.remove_left_over(entry)
            self.folder = tempfile.mkdtemp(prefix="run-", dir=cache)
            self.lock = self.take(self.folder)
        self.name = os.path.basename(self.folder)
        for folder in cgroups(self.name):
            os.mkdir(folder)
        self.process = None

    @staticmethod
    def take(folder):
        """The lock that says that a run is alive; None when another has it."""
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        return lock

    @classmethod
    def remove_left_over(cls, entry):
        lock = cls.take(entry.path)
        if lock is None:
            return
        shutil.rmtree(entry.path, ignore_errors=True)
        remove_cgroups(entry.name)
        os.close(lock)

    def begin(self):
        """In the child, before it becomes the part that is shut in."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        for folder in cgroups(self.name):
            with open(os.path.join(folder, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write("0")

    def go(self, arguments):
        self.process = subprocess.Popen(
            [*SHUT_IN, *arguments], stdin=subprocess.DEVNULL, preexec_fn=self.begin)
        return self.process.wait()

    def end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        remove_cgroups(self.name)


def cache_folder():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(home, "mexc-signald", "check-service")


def read_arguments(description, check):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
    )  # fmt: skip
    if check.is_shown:
        parser.add_argument("--transcript", action="store_true", help="write it into the README")
    parser.add_argument("--bin", metavar="DIR", help="use the release programs there")
    return parser.parse_args()


def main(description, here, check):
    arguments = read_arguments(description, check)
    reason = why_not()
    if reason:
        say(f"NOT RUN: {check.name}: {reason}")
        return NOT_RUN
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    packages = f"{PACKAGES} {check.packages}".split()
    if shell('. "$1/lib/setup.sh"; shift; need_packages "$@"', here, *packages).returncode:
        say(f"{check.name}: these could not be installed: {' '.join(packages)}")
        return 1
    binaries = os.path.abspath(arguments.bin) if arguments.bin else build(here)
    cache = cache_folder()
    run = Run(cache)
    try:
        if not check.prepare(here, binaries, run.folder):
            return 1
        pristine.copy(cache, os.path.join(run.folder, "root"))
        inside = os.path.join(here, "lib", "service", check.inside)
        status = run.go([sys.executable, "-B", inside, here, binaries, run.folder])
        if status != 0:
            return 1
        if not check.is_shown:
            return 0
        with open(os.path.join(run.folder, "transcript"), encoding="utf-8") as file:
            return readme.settle(here, file.read(), writes=arguments.transcript)
    except KeyboardInterrupt:
        return 130
    finally:
        run.end()
