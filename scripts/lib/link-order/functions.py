#!/usr/bin/python3
"""Prints the functions that each of a number of signals runs through, one name a line, each behind the
one that calls it first: in about the order in which they are run.

  functions.py SIGNALS ROOT… -- FILE…

The files are what valgrind's callgrind has written with --dump-instr=yes --compress-pos=no and the names as
the linker knows them; it counts below functions whose names hold a ROOT.
Format: https://valgrind.org/docs/manual/cl-format.html
"""

import collections
import re
import sys

# "(7) name" says a name for the first time, "(7)" again; 'name'2 is a call within itself.
NAME = re.compile(r"\((\d+)\)(?: (.*?)(?:'\d+)?)?$")


def calls(path):
    """For each call: the caller, the address of the call within its file, the callee and how often."""
    names = {}
    caller = called = count = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("fn=", "cfn=")):
                key, name = NAME.match(line.partition("=")[2].rstrip("\n")).groups()
                called = names.setdefault(key, name)
                if line.startswith("fn="):
                    caller = called
            elif line.startswith("calls="):
                count = int(line[len("calls=") :].split()[0])
            elif count is not None:
                yield caller, int(line.split()[0], 16), called, count
                count = None


def in_order(roots, callees, often):
    """Those of the functions that are run often, each where it is called first; what no root calls is last."""
    order = {}
    waiting = sorted(often, reverse=True) + list(reversed(roots))
    while waiting:
        function = waiting.pop()
        if function in often and function not in order:
            order[function] = True
            waiting += [callee for _, callee in sorted(callees[function], reverse=True)]
    return list(order)


def main():
    split = sys.argv.index("--")
    signals, roots, paths = int(sys.argv[1]), sys.argv[2:split], sys.argv[split + 1 :]
    often = set()
    callees = collections.defaultdict(set)
    for path in paths:
        counts = collections.Counter()
        for caller, address, called, count in calls(path):
            counts[called] += count
            callees[caller].add((address, called))
        often |= {name for name, count in counts.items() if count >= signals}
    starts = [name for root in roots for name in sorted(often) if root in name]
    print("\n".join(in_order(starts, callees, often)))


main()
