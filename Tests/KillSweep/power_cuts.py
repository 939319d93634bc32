"""Real power cuts: the daemon's state on an ext4 of its own whose unsynced data is dropped.

The daemon stands still when the power goes, as a machine does: otherwise it could answer from
memory after the cut, which no real one can.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import uuid

import aims
from processes import Daemon, Trouble, answers_of, begin_job
from random_kills import World

CUTS_IN_A_WORLD = 50
IMAGE_BYTES = 128 << 20
# EXT4_IOC_SHUTDOWN, and its flag not to write the journal out first (Linux, fs/ext4/ext4.h).
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"{' '.join(command)}: {done.stderr.strip()}")


class Disk:
    """An ext4 in a file, mounted over a loop device."""

    def __init__(self, folder):
        self.image = os.path.join(folder, "disk.img")
        self.place = os.path.join(folder, "disk")
        os.makedirs(self.place)
        with open(self.image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", self.image)
        self.is_mounted = False
        self.mount()

    def mount(self):
        run("mount", "-o", "loop", self.image, self.place)
        # The daemon's namespace lets go of it along with this one.
        run("mount", "--make-shared", self.place)
        self.is_mounted = True

    def unmount(self):
        if self.is_mounted:
            run("umount", self.place)
            self.is_mounted = False

    def sync(self):
        run("sync", "-f", self.place)

    def cut(self):
        """From here on nothing reaches the disk, the journal's own log included."""
        folder = os.open(self.place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("=I", NO_LOG_FLUSH))
        finally:
            os.close(folder)


def why_not():
    """Why no power can be cut here; None where it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    for program in ("mkfs.ext4", "mount", "umount", "sync", "unshare"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return None


class PoweredDaemon(Daemon):
    """Its lives see the boot of a machine that restarts after every cut."""

    # In a mount namespace of its own, which follows when the disk is unmounted. The last `exec` leaves
    # the daemon with the first process's id.
    BOOTED = [
        "unshare", "--mount", "--propagation", "slave", "sh", "-c",
        'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"',
    ]  # fmt: skip

    def __init__(self, binaries, home, directory):
        super().__init__(binaries, home, directory=directory)
        self.boot = os.path.join(directory, "boot_id")
        self.restart_machine()

    def restart_machine(self):
        with open(self.boot, "w", encoding="ascii") as file:
            file.write(f"{uuid.uuid4()}\n")

    def start(self, under=()):
        super().start([*self.BOOTED, self.boot, *under])


class PoweredWorld(World):
    """A world that ends every life with a power cut."""

    AIMS = aims.OF_CUTS
    AIM_EVERY = 4

    def __init__(self, binaries, seed, folder):
        self.folder = folder
        self.disk = Disk(folder)
        super().__init__(binaries, seed, self.disk.place)
        self.oracle.arming_can_be_lost = True
        self.disk.sync()
        self.counts["cuts"] = 0
        self.counts["lost_armings"] = 0
        self.counts["lost_signals"] = 0

    def make_daemon(self, home):
        return PoweredDaemon(self.binaries, os.path.join(home, "state"), directory=self.folder)

    def die(self, client):
        self.daemon.freeze()
        answers = [] if client is None else answers_of(client, has_ended=False)
        canary = os.path.join(self.disk.place, "canary")
        with open(canary, "wb") as file:
            file.write(b"written, never synced")
        self.disk.cut()
        self.daemon.kill()
        self.disk.unmount()
        self.disk.mount()
        self.daemon.restart_machine()
        self.tell("the power was cut")
        if os.path.exists(canary):
            if os.path.getsize(canary) > 0:
                raise Trouble(
                    "data that nobody synced survived: that was no power cut, or another program "
                    "of this machine called sync(2), as dpkg does: run the sweep alone"
                )
            os.unlink(canary)
        self.counts["cuts"] += 1
        return answers

    def rest(self):
        super().rest()
        self.disk.sync()
        self.counts["lost_armings"] = len(self.oracle.lost_armings)
        self.counts["lost_signals"] = len(self.oracle.lost_signals)


def run_world(binaries, seed, cuts, folder):
    """As `random_kills.run_world`."""
    begin_job()
    os.makedirs(folder)
    world = PoweredWorld(binaries, seed, folder)
    failure = None
    try:
        world.run(cuts)
    except Exception as error:  # whatever it was belongs to the story
        failure = world.tell_failure(error, folder)
    finally:
        world.disk.unmount()
    if failure is None:
        shutil.rmtree(folder)
    return world.counts, world.tally, failure


def try_a_mount(folder):
    """Why no file system can be mounted here; None where one can."""
    reason = why_not()
    if reason:
        return reason
    os.makedirs(folder)
    try:
        Disk(folder).unmount()
    except Trouble as error:
        return str(error)
    finally:
        shutil.rmtree(folder)
    return None
