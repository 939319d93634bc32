"""The command line of the sweep: builds, runs what is asked for, and prints the figures."""

import argparse
import collections
import concurrent.futures
import os
import secrets
import subprocess
import sys
import tempfile
import time

import random_kills
import windows

QUICK_CYCLES = 150

BUILD = """
cd "$1/.."
. scripts/lib/setup.sh
need_swift
need_packages libssl-dev libsqlite3-dev
options=(-c release)
library="$(dirname "$(command -v swift)")/../lib/swift_static"
[ ! -d "$library" ] || options+=(--static-swift-stdlib)
say "Building (the first time takes some minutes) …"
swift build "${options[@]}" >&2
swift build "${options[@]}" --show-bin-path
"""


def read_arguments(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
    )  # fmt: skip
    parser.add_argument("--cycles", type=int, metavar="N", help="random kills")
    parser.add_argument("--syscalls", action="store_true", help="every system call's point")
    parser.add_argument("--sample", type=int, default=1, metavar="N", help="every N-th point only")
    parser.add_argument("--power", type=int, metavar="N", help="power cuts")
    parser.add_argument("--quick", action="store_true", help="the short form")
    parser.add_argument("--seed", type=int, metavar="S", help="default: drawn, and printed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--bin", metavar="DIR", help="use the release programs there")
    parser.add_argument("--scratch", metavar="DIR", help="where the folders are made")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(1_000_000)
    if arguments.cycles is None and not arguments.syscalls and arguments.power is None:
        arguments.cycles = QUICK_CYCLES if arguments.quick else 1000
    return arguments


def build(here):
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", BUILD, "killsweep", here],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(1)
    return done.stdout.strip().splitlines()[-1]


def say(text):
    print(text, flush=True)


def sweep_at_random(arguments, binaries, scratch):
    """Random kills in several worlds at a time. Returns whether all is well."""
    began = time.monotonic()
    worlds = []
    left = arguments.cycles
    while left > 0:
        size = min(left, random_kills.CYCLES_IN_A_WORLD)
        worlds.append((arguments.seed * 10_000 + len(worlds), size))
        left -= size
    counts = collections.Counter()
    tally = windows.tally()
    failures = []
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        jobs = {
            pool.submit(
                random_kills.run_world, binaries, seed, size, os.path.join(scratch, f"world-{seed}")
            ): seed
            for seed, size in worlds
        }
        for job in concurrent.futures.as_completed(jobs):
            world_counts, world_tally, failure = job.result()
            counts.update(world_counts)
            tally.update(world_tally)
            if failure:
                failures.append(failure)
                say(f"VIOLATION in world {jobs[job]}, kept in {scratch}/world-{jobs[job]}")
                say(failure)
            say(
                f"  {counts['cycles']} of {arguments.cycles} cycles, {counts['kills']} kills, "
                f"{len(failures)} violations, {time.monotonic() - began:.0f} s"
            )
    return report_random(counts, tally, failures, time.monotonic() - began)


def report_random(counts, tally, failures, seconds):
    say("")
    say(f"Random kills: {counts['cycles']} cycles, {counts['kills']} kills, {seconds:.0f} s")
    say(f"  {counts['signals']} signals handed over, {counts['orders']} orders at the exchange, "
        f"{counts['faults']} faults, {counts['pauses']} demands for silence")  # fmt: skip
    say(f"  {counts['not_found']} orders not found, {counts['late_finds']} of them found late")
    say("  kills that found")
    for name in windows.ALL:
        say(f"    {tally[name]:7d}  {name}")
    misses = windows.missed(tally, counts["kills"])
    for name, hits, needed in misses:
        say(f"  WINDOW MISSED: {name}: {hits}, and {needed} are required")
    if failures:
        say(f"  {len(failures)} violations: {failures[0].splitlines()[0]}")
    else:
        say("  duplicates 0, lost 0, falsely recorded 0")
    return not failures and not misses


def main(description, here):
    arguments = read_arguments(description)
    binaries = os.path.abspath(arguments.bin) if arguments.bin else build(here)
    scratch = tempfile.mkdtemp(prefix="killsweep-", dir=arguments.scratch)
    say(f"seed {arguments.seed}, folders in {scratch}")
    good = True
    if arguments.cycles:
        good = sweep_at_random(arguments, binaries, scratch) and good
    try:
        os.rmdir(scratch)
    except OSError:
        say(f"What failed is kept in {scratch}")
    return 0 if good else 1
