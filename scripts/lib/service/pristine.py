"""The root of a Debian 12 that has never seen the service."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

SUITE = "bookworm"
# What a small server has: the system manager with its bus, what the programs link, and what a
# person and a producer of signals use there.
PACKAGES = [
    "systemd", "systemd-sysv", "dbus", "libssl3", "libsqlite3-0", "ca-certificates", "sqlite3",
    "socat", "sudo", "procps",
]  # fmt: skip


def mirror():
    """Where this machine gets Debian from, by its own apt sources."""
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)",
         "Created-By: Packages"],
        stdout=subprocess.PIPE, text=True, check=False,
    ).stdout.splitlines()  # fmt: skip
    for line in lines:
        uri, *rest = line.split()
        if rest == [SUITE, "main"] and "deb.debian.org/debian-security" not in uri:
            return uri
    return "http://deb.debian.org/debian"


def make(cache, root):
    """Under a name of its own first: a root that is there is whole."""
    unfinished = root + ".unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    print("Making a pristine root (about a minute) …", file=sys.stderr, flush=True)
    log = os.path.join(cache, "debootstrap.log")
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), SUITE,
             unfinished, mirror()],
            stdin=subprocess.DEVNULL, stdout=file, stderr=file, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        with open(log, encoding="utf-8") as file:
            sys.stderr.writelines(file.readlines()[-20:])
        sys.exit(f"debootstrap failed; the whole story is in {log}")
    shutil.rmtree(os.path.join(unfinished, "var/cache/apt/archives"), ignore_errors=True)
    os.rename(unfinished, root)


@contextlib.contextmanager
def locked(cache):
    """One run at a time changes what is in there."""
    with open(os.path.join(cache, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy(cache, target):
    """A copy of the root for one run; the root is made when it is not there yet."""
    recipe = hashlib.sha256(" ".join([SUITE, *PACKAGES]).encode()).hexdigest()[:12]
    root = os.path.join(cache, f"root-{SUITE}-{recipe}")
    with locked(cache):
        if not os.path.isdir(root):
            make(cache, root)
        subprocess.run(["cp", "--archive", "--reflink=auto", root, target], check=True)
