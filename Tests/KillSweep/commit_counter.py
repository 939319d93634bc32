"""Commits of the daemon's database, counted from outside while it runs."""

import mmap
import struct
import time


class CommitCounter:
    """Watches the head of the database's log index: a commit shows there when it is written."""

    # "mxFrame", the number of the last valid frame (https://www.sqlite.org/walformat.html §2.1).
    MX_FRAME = 16

    def __init__(self, database):
        self.file = open(database + "-shm", "rb")
        self.map = mmap.mmap(self.file.fileno(), 32, prot=mmap.PROT_READ)

    def frames(self):
        return struct.unpack_from("=I", self.map, self.MX_FRAME)[0]

    def wait(self, commits, end):
        """Until so many commits have been made, or the time is over."""
        last = self.frames()
        while commits > 0 and time.monotonic() < end:
            now = self.frames()
            if now != last:
                last = now
                commits -= 1

    def close(self):
        self.map.close()
        self.file.close()
