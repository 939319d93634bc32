"""Runs a program, and kills it before the n-th of its system calls of one name on one file.

Counted in the whole process: strace counts in each thread by itself, and a number that two threads
reach would always strike the same one of them.
"""

import ctypes
import dataclasses
import json
import os
import re
import signal
import sys

# ptrace(2); the numbers are those of linux/ptrace.h, the same on every machine.
PTRACE_SYSCALL = 24
PTRACE_SEIZE = 0x4206
PTRACE_GET_SYSCALL_INFO = 0x420E
O_TRACESYSGOOD, O_TRACECLONE, O_TRACEEXEC, O_EXITKILL = 1, 1 << 3, 1 << 4, 1 << 20
SYSCALL_STOP = signal.SIGTRAP | 0x80
INFO_ENTRY = 1
WALL = 0x40000000

# Where the path that a call is about stands among its arguments.
PATH_AT = {
    "access": 0, "chmod": 0, "link": 1, "mkdir": 0, "open": 0, "readlink": 0, "rename": 1, "rmdir": 0,
    "unlink": 0,
}  # fmt: skip
# The same; before it stands the descriptor of its folder, or of the file itself.
PATH_IN_FOLDER_AT = {
    "faccessat": 1, "faccessat2": 1, "fchmodat": 1, "linkat": 3, "mkdirat": 1, "newfstatat": 1,
    "openat": 1, "readlinkat": 1, "renameat": 3, "renameat2": 3, "statx": 1, "unlinkat": 1,
}  # fmt: skip
# Calls on a descriptor, which comes first.
ON_DESCRIPTOR = {
    "close", "fadvise64", "fallocate", "fchmod", "fchown", "fcntl", "fdatasync", "flock", "fstat",
    "fsync", "ftruncate", "getdents64", "ioctl", "lseek", "pread64", "pwrite64", "pwritev",
    "pwritev2", "read", "recvfrom", "sendto", "sync_file_range", "write", "writev",
}  # fmt: skip
LONGEST_PATH = 4096


class SyscallInfo(ctypes.Structure):
    """struct ptrace_syscall_info, as far as it tells of an entry."""

    _fields_ = [
        ("op", ctypes.c_uint8), ("pad", ctypes.c_uint8 * 3), ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64), ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_uint64), ("arguments", ctypes.c_uint64 * 6),
        ("more", ctypes.c_uint64),
    ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Call:
    """A system call by its name, and the file that it is about: its last name, or none."""

    name: str
    file: str

    def __str__(self):
        return f"{self.name} {self.file}".rstrip()


LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.restype = ctypes.c_long
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, thread, address=0, data=0):
    """Fails only where the thread is gone meanwhile, which the next wait tells."""
    return LIBC.ptrace(request, thread, address, data)


def descriptor_name(thread, descriptor):
    # The kernel reads the low half; -1 and "here" are no descriptors.
    try:
        path = os.readlink(f"/proc/{thread}/fd/{descriptor & 0xFFFFFFFF}")
    except OSError:
        return ""
    # Sockets and pipes are numbered anew in every life.
    return re.sub(r":\[\d+\]$", "", os.path.basename(path))


def text_at(thread, address):
    try:
        with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:
            text = os.pread(memory.fileno(), LONGEST_PATH, address)
    except (OSError, OverflowError):
        # No address: the call itself will say so.
        return ""
    return text.partition(b"\0")[0].decode(errors="replace")


def file_of(thread, name, arguments):
    if name in ON_DESCRIPTOR:
        return descriptor_name(thread, arguments[0])
    if name in PATH_AT:
        return os.path.basename(text_at(thread, arguments[PATH_AT[name]]))
    if name in PATH_IN_FOLDER_AT:
        place = PATH_IN_FOLDER_AT[name]
        path = os.path.basename(text_at(thread, arguments[place]))
        return path or descriptor_name(thread, arguments[place - 1])
    return ""


class Tracer:
    """`seen` is told each system call, or each of the name that is wanted, before it begins."""

    def __init__(self, names, wanted, seen):
        self.names = names
        self.wanted = wanted
        self.seen = seen
        self.process = 0

    def run(self, command):
        """Returns how the program ended, as waitpid(2) tells it."""
        self.process = self.spawn(command)
        while True:
            thread, status = os.waitpid(-1, WALL)
            if os.WIFSTOPPED(status):
                passed_on = self.stopped(thread, os.WSTOPSIG(status), status >> 16)
                ptrace(PTRACE_SYSCALL, thread, 0, passed_on)
            elif thread == self.process:
                return status

    def spawn(self, command):
        """It waits until it is traced, and stops first when the program has been loaded."""
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(writer)
            os.read(reader, 1)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                # Python ignores them, and what is ignored stays so.
                signal.signal(number, signal.SIG_DFL)
            os.execvp(command[0], command)
        os.close(reader)
        options = O_TRACESYSGOOD | O_TRACECLONE | O_TRACEEXEC | O_EXITKILL
        if ptrace(PTRACE_SEIZE, process, 0, options) != 0:
            sys.exit(f"not traced: {os.strerror(ctypes.get_errno())}")
        os.close(writer)
        return process

    def stopped(self, thread, number, event):
        """Returns the signal that the thread is to get."""
        if number == SYSCALL_STOP:
            self.at_call(thread)
            return 0
        return 0 if event else number

    def at_call(self, thread):
        info = SyscallInfo()
        size = ctypes.sizeof(info)
        if ptrace(PTRACE_GET_SYSCALL_INFO, thread, size, ctypes.addressof(info)) <= 0:
            return
        if info.op != INFO_ENTRY:
            return
        name = self.names.get(str(info.number), f"call_{info.number}")
        if self.wanted in (None, name):
            self.seen(Call(name, file_of(thread, name, info.arguments)))


def record(names, path, command):
    """Writes every call of the program's life to a file, in order."""
    with open(path, "w", encoding="utf-8") as file:

        def seen(call):
            file.write(json.dumps([call.name, call.file]) + "\n")

        return Tracer(names, None, seen).run(command)


def strike(names, aim, number, command):
    """Kills the program before the call of this number."""
    count = 0

    def seen(call):
        nonlocal count
        count += call == aim
        if call == aim and count == number:
            # The thread stands before its call, which does not begin any more.
            os.kill(tracer.process, signal.SIGKILL)

    tracer = Tracer(names, aim.name, seen)
    return tracer.run(command)


def main():
    """tracer.py NAMES record FILE PROGRAM… or tracer.py NAMES strike CALL FILE N PROGRAM…

    NAMES are those of the system calls by number, in JSON.
    """
    names = json.loads(sys.argv[1])
    if sys.argv[2] == "record":
        status = record(names, sys.argv[3], sys.argv[4:])
    else:
        name, file, number = sys.argv[3:6]
        status = strike(names, Call(name, file), int(number), sys.argv[6:])
    if os.WIFSIGNALED(status):
        # It ends as the program did.
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
