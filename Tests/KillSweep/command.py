"""The command line of the sweep: builds, runs what is asked for, and prints the figures."""

import argparse
import collections
import concurrent.futures
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time

import disk_full
import ends
import power_cuts
import processes
import random_cuts
import random_kills
import syscall_points
import windows

# So many that each of the kills' aims has ten lives. The rarest required window that none leads into, which
# every thirtieth kill finds, is missed by one run in four hundred.
QUICK_CYCLES = 180
QUICK_EVERY = 30
# On top of one point of each call on each file, which are about 40.
QUICK_EVERY_FULL = 40
# Exit status when all that ran held, and something that was asked for could not be run.
NOT_RUN = 3
POINTS_IN_A_SHARE = 25
# The share of the points that must have been reached.
REACHED_SHARE = 0.8
# How many of the calls that change something may be no point: two lives differ by a commit or two, of
# some ten calls each.
MOST_WITHOUT_POINT = 20
# How many orders must have been asked for in requests for several, of 1,000 cycles. A burst leads to
# about ten, if it leads to any: a run of fewer cycles or minutes than these may have none.
BATCHED_PER_THOUSAND = 50
BATCHED_FROM_CYCLES = 150
BATCHED_FROM_MINUTES = 2

BUILD = """
cd "$1/.."
. scripts/lib/setup.sh
need_swift
need_packages libssl-dev libsqlite3-dev strace e2fsprogs mount
say "Building (the first time takes some minutes) …"
build_release
"""


def read_arguments(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
    )  # fmt: skip
    parser.add_argument("--cycles", type=int, metavar="N", help="random kills")
    parser.add_argument("--syscalls", action="store_true", help="every system call's point")
    parser.add_argument("--full", action="store_true", help="the disk is full at every write")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th point")
    parser.add_argument("--power", type=int, metavar="N", help="power cuts")
    parser.add_argument("--cuts", type=float, metavar="MINUTES", help="connections cut at random")
    parser.add_argument("--quick", action="store_true", help="the short form")
    parser.add_argument("--seed", type=int, metavar="S", help="default: drawn, and printed")
    parser.add_argument("--jobs", type=int, metavar="N", help="at a time")
    parser.add_argument("--bin", metavar="DIR", help="use the release programs there")
    parser.add_argument("--scratch", metavar="DIR", help="where the folders are made")
    arguments = parser.parse_args()
    if arguments.jobs is None:
        # They wait more than they work.
        arguments.jobs = 2 * (os.cpu_count() or 1)
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(1_000_000)
    if arguments.quick:
        arguments.cycles, arguments.syscalls, arguments.every = QUICK_CYCLES, True, QUICK_EVERY
        arguments.full = True
    elif arguments.cycles is arguments.power is arguments.cuts is None:
        if not arguments.syscalls and not arguments.full:
            arguments.cycles = 1000
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


class Sweep:
    """What was asked for, one after the other; remembers whether every promise held."""

    def __init__(self, arguments, binaries, scratch):
        self.arguments = arguments
        self.binaries = binaries
        self.scratch = scratch
        self.held = True
        self.left_out = []

    def jobs(self, most):
        return self.arguments.jobs if most is None else min(most, self.arguments.jobs)

    def pool(self, most=None):
        return concurrent.futures.ProcessPoolExecutor(
            self.jobs(most), initializer=processes.end_with_parent)

    # MARK: Worlds

    def random_kills(self, cycles):
        self.worlds("Random kills", random_kills, cycles, random_kills.CYCLES_IN_A_WORLD)

    def power_cuts(self, cuts):
        reason = power_cuts.try_a_mount(os.path.join(self.scratch, "try"))
        if reason:
            self.leave_out(f"power cuts: 0 of {cuts} made: {reason}")
        else:
            # One at a time: a daemon's mount namespace would keep the disk of another world.
            self.worlds("Power cuts", power_cuts, cuts, power_cuts.CUTS_IN_A_WORLD, most=1)

    def leave_out(self, what):
        say(f"NOT RUN: {what}")
        self.left_out.append(what)

    def worlds(self, title, kind, cycles, size, most=None):
        """Several worlds at a time, but not more than `most`, until so many cycles are done."""
        began = time.monotonic()
        size = min(size, -(-cycles // self.jobs(most)))
        sizes = [size] * (cycles // size) + [cycles % size] * (cycles % size > 0)
        counts, tally, failures = collections.Counter(), windows.tally(), []
        with self.pool(most) as pool:
            jobs = {}
            for index, cycles_here in enumerate(sizes):
                seed = self.arguments.seed * 10_000 + index
                folder = os.path.join(self.scratch, f"{kind.__name__}-{seed}")
                job = pool.submit(kind.run_world, self.binaries, seed, cycles_here, folder)
                jobs[job] = folder
            for job in concurrent.futures.as_completed(jobs):
                world_counts, world_tally, failure = job.result()
                counts.update(world_counts)
                tally.update(world_tally)
                if failure:
                    failures.append(failure)
                    say(f"VIOLATION, with its seed kept in {jobs[job]}\n{failure}")
                say(
                    f"  {counts['cycles']} of {cycles} cycles, {counts['kills']} kills, "
                    f"{len(failures)} violations, {time.monotonic() - began:.0f} s"
                )
        self.report_worlds(title, counts, tally, failures, time.monotonic() - began)

    def report_worlds(self, title, counts, tally, failures, seconds):
        required = windows.REQUIRED_OF_CUTS if counts["cuts"] else windows.REQUIRED_PER_THOUSAND
        say(f"\n{title}: {counts['cycles']} cycles, {counts['kills']} kills, {seconds:.0f} s")
        if counts["cuts"]:
            say(
                f"  {counts['cuts']} power cuts, each proved by data not synced that is gone; "
                f"{counts['lost_armings']} orders had left and their record was lost; "
                f"{counts['lost_signals']} signals were lost by the database and read again"
            )
        say(
            f"  {counts['signals']} signals handed over, {counts['orders']} orders at the "
            f"exchange, {counts['faults']} faults, {counts['pauses']} demands for a back-off"
        )
        say(f"  {counts['not_found']} orders not found, {counts['late_finds']} of them found late")
        needed = BATCHED_PER_THOUSAND * counts["cycles"] // 1000
        self.report_batches(counts, needed if counts["cycles"] >= BATCHED_FROM_CYCLES else 0)
        self.report_windows(tally)
        for name, hits, needed in windows.missed(tally, counts["cycles"], required):
            say(f"  WINDOW MISSED: {name}: {hits}, and {needed} are required")
            self.held = False
        self.report_promises(failures, counts)

    def report_batches(self, counts, needed):
        say(f"  {counts['bursts']} bursts of signals; {counts['batched']} orders were asked for in "
            "requests for several")  # fmt: skip
        if counts["batched"] < needed:
            say(f"  TOO FEW ORDERS LEFT TOGETHER: {counts['batched']}, and {needed} are required")
            self.held = False

    def report_windows(self, tally):
        say("  kills that found")
        for name in windows.ALL:
            say(f"    {tally[name]:7d}  {name}")

    def report_promises(self, failures, counts):
        if failures:
            self.held = False
            say(f"  {len(failures)} VIOLATIONS: {failures[0].splitlines()[0]}")
            return
        say("  duplicates 0, falsely recorded 0; good signals without an order, each for a reason: "
            + ends.told(counts))  # fmt: skip

    def connection_cuts(self, minutes):
        """As many worlds as there are processors, each one life of a daemon."""
        began = time.monotonic()
        counts, failures = collections.Counter(), []
        slowest = 0.0
        with self.pool() as pool:
            jobs = {}
            for index in range(os.cpu_count() or 1):
                seed = self.arguments.seed * 10_000 + index
                folder = os.path.join(self.scratch, f"cuts-{seed}")
                job = pool.submit(random_cuts.run_world, self.binaries, seed, minutes, folder)
                jobs[job] = folder
            for job in concurrent.futures.as_completed(jobs):
                world_counts, failure = job.result()
                slowest = max(slowest, world_counts.pop("slowest"))
                counts.update(world_counts)
                if failure:
                    failures.append(failure)
                    say(f"VIOLATION, with its seed kept in {jobs[job]}\n{failure}")
        say(f"\nConnections cut: {len(jobs)} lives, {time.monotonic() - began:.0f} s")
        say(f"  {counts['signals']} signals, {counts['orders']} orders, {counts['fills']} fills by hand")
        self.report_batches(counts, 1 if minutes >= BATCHED_FROM_MINUTES else 0)
        for name in sorted(name for name in counts if name.startswith("fault ")):
            say(f"    {counts[name]:7d}  {name.removeprefix('fault ')}")
        say(f"  {counts['comparisons']} times the record became the exchange's, after {slowest:.1f} s "
            "at most")  # fmt: skip
        if not failures and not counts["fault stream_drop"]:
            say("  NO STREAM WAS CUT")
            self.held = False
        self.report_promises(failures, counts)

    # MARK: Points

    def shares(self, kind, chosen, *, context=()):
        """Runs points, some at a time. Returns the sums of what came of them, and the failures."""
        began = time.monotonic()
        size = min(POINTS_IN_A_SHARE, -(-len(chosen) // self.arguments.jobs))
        shares = [chosen[n : n + size] for n in range(0, len(chosen), size)]
        counts, tally, failures = collections.Counter(), collections.Counter(), []
        done = 0
        with self.pool() as pool:
            jobs = {}
            for index, share in enumerate(shares):
                folder = os.path.join(self.scratch, f"{kind.__name__}-{index}")
                seed = self.arguments.seed * 1_000 + index
                job = pool.submit(kind.run_points, self.binaries, seed, share, folder, *context)
                jobs[job] = len(share)
            for job in concurrent.futures.as_completed(jobs):
                part, part_tally, part_failures = job.result()
                done += jobs[job]
                counts.update(part)
                tally.update(part_tally)
                failures += part_failures
                for failure in part_failures:
                    say(f"VIOLATION at {failure}")
                say(f"  {done} of {len(chosen)} points, {len(failures)} violations, "
                    f"{time.monotonic() - began:.0f} s")  # fmt: skip
        return counts, tally, failures

    def syscalls(self, every):
        reason = syscall_points.why_not()
        if reason:
            return self.leave_out(f"system calls: {reason}")
        began = time.monotonic()
        names, points, missing = syscall_points.baseline(
            self.binaries, os.path.join(self.scratch, "baseline"))
        chosen = points[self.arguments.seed % every :: every]
        # Neighbours often wait for the same thing: mixed, the shares take about the same time.
        random.Random(self.arguments.seed).shuffle(chosen)
        counts, tally, failures = self.shares(syscall_points, chosen, context=(names,))
        seconds = time.monotonic() - began
        say(f"\nSystem calls: {len(points)} points, {len(chosen)} run, {seconds:.0f} s")
        say(f"  {counts['killed']} killed there, {counts['not_reached']} not reached in their run")
        say(f"  {missing} of the calls that change something are no point")
        say(f"  {counts['orders']} orders at the exchange")
        self.report_windows(tally)
        # Counts of calls vary with timing; a run that mostly misses its points proves nothing.
        if missing > MOST_WITHOUT_POINT:
            say(f"  POINTS MISSED: more than {MOST_WITHOUT_POINT} calls are none")
            self.held = False
        if counts["killed"] < len(chosen) * REACHED_SHARE:
            say(f"  POINTS MISSED: fewer than {REACHED_SHARE:.0%} were reached")
            self.held = False
        if every == 1:
            self.report_missed(syscall_points.never_struck(chosen, counts), tally)
        return self.report_promises(failures, counts)

    def report_missed(self, calls, tally):
        """Where every call was to be struck, whatever it changes or leaves behind must have been."""
        for call in calls:
            say(f"  POINTS MISSED: no kill before {call}")
        found_none = [name for name in windows.OF_POINTS if not tally[name]]
        for name in found_none:
            say(f"  WINDOW MISSED: {name}")
        if calls or found_none:
            self.held = False

    def full(self, every):
        reason = syscall_points.why_not()
        if reason:
            return self.leave_out(f"a full disk: {reason}")
        began = time.monotonic()
        points = disk_full.baseline(self.binaries, os.path.join(self.scratch, "full"))
        chosen = disk_full.choose(points, every, self.arguments.seed)
        counts, hits, failures = self.shares(disk_full, chosen)
        seconds = time.monotonic() - began
        say(f"\nA full disk: {len(points)} points, {len(chosen)} run, {seconds:.0f} s")
        say(f"  {counts['hit']} hit: {counts['ended']} lives ended by themselves and said why, "
            f"{counts['went_on']} found room again")  # fmt: skip
        say(f"  {counts['refused']} refusals for want of room, each sent again")
        say(f"  {counts['orders']} orders at the exchange; one that was armed where the disk failed "
            "may not be sent, and is not found then")  # fmt: skip
        self.report_hits(chosen, hits)
        if counts["hit"] < len(chosen) * REACHED_SHARE:
            say(f"  POINTS MISSED: fewer than {REACHED_SHARE:.0%} were hit")
            self.held = False
        return self.report_promises(failures, counts)

    def report_hits(self, chosen, hits):
        """In how many lives a call failed, by its files; what was to fail must have failed."""
        say("  calls that failed for want of room, each in so many lives")
        for call in sorted({point.call for point in chosen}):
            files = [f"{file} {n}" for (name, file), n in sorted(hits.items()) if name == call]
            say(f"    {call}: {', '.join(files)}")
        for call, file in sorted({(point.call, point.file) for point in chosen} - hits.keys()):
            say(f"  POINTS MISSED: {call} never failed on {file}")
            self.held = False


def main(description, here):
    arguments = read_arguments(description)
    binaries = os.path.abspath(arguments.bin) if arguments.bin else build(here)
    scratch = tempfile.mkdtemp(prefix="killsweep-", dir=arguments.scratch)
    say(f"seed {arguments.seed}, folders in {scratch}")
    sweep = Sweep(arguments, binaries, scratch)
    if arguments.cycles:
        sweep.random_kills(arguments.cycles)
    if arguments.syscalls:
        sweep.syscalls(arguments.every)
    if arguments.full:
        sweep.full(QUICK_EVERY_FULL if arguments.quick else arguments.every)
    if arguments.power:
        sweep.power_cuts(arguments.power)
    if arguments.cuts:
        sweep.connection_cuts(arguments.cuts)
    if sweep.held:
        shutil.rmtree(scratch)
        say("\nEvery promise held." if not sweep.left_out else "\nWhat was run held.")
        return NOT_RUN if sweep.left_out else 0
    say(f"\nNOT EVERY PROMISE HELD. What failed is kept in {scratch}")
    return 1
