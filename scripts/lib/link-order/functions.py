#!/usr/bin/python3
"""Prints the functions that each of a number of signals runs through, one name a line.

  functions.py SIGNALS FILE…

The files are what valgrind's callgrind has written, with the names as the linker knows them.
Format: https://valgrind.org/docs/manual/cl-format.html
"""

import collections
import re
import sys

# "(7) name" says a name for the first time, "(7)" again; 'name'2 is a call within itself.
NAME = re.compile(r"\((\d+)\)(?: (.*?)(?:'\d+)?)?$")


def calls(path):
    names = {}
    counts = collections.Counter()
    called = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                key, name = NAME.match(line.partition("=")[2].rstrip("\n")).groups()
                called = names.setdefault(key, name)
            elif line.startswith("calls="):
                counts[called] += int(line[len("calls=") :].split()[0])
    return counts


def main():
    signals = int(sys.argv[1])
    found = {
        name for path in sys.argv[2:] for name, count in calls(path).items() if count >= signals
    }
    print("\n".join(sorted(found)))


main()
