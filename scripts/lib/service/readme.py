"""The README's steps, and the transcript that it shows."""

import difflib
import os
import re
import sys

# The sections whose blocks the checks run.
SECTIONS = {
    "first-signal": "## A signal in 60 seconds\n",
    "check-service": "## For real, under systemd\n",
    "check-package": "## The Debian package\n",
}
# Every block of shell in such a section has a name before it.
BLOCK = re.compile(r"(?:<!-- check-[a-z]+: ([a-z-]+) -->\n)?```sh\n(.*?)```\n", re.DOTALL)
TRANSCRIPT = re.compile(
    r"(<!-- transcript: scripts/check-service writes and compares it -->\n```text\n)(.*?)(```\n)",
    re.DOTALL,
)


def path(scripts):
    return os.path.join(scripts, "..", "README.md")


def read(scripts):
    with open(path(scripts), encoding="utf-8") as file:
        return file.read()


def blocks(scripts, check):
    """Name and text of the blocks that a check runs, in their order."""
    text = read(scripts)
    section = SECTIONS[check]
    start = text.index(section) + len(section)
    end = text.find("\n## ", start)
    found = BLOCK.findall(text[start:end])
    if not all(name for name, _ in found):
        raise ValueError("a block of shell in the README's section has no name, so nothing runs it")
    return dict(found)


def build_block(scripts):
    return blocks(scripts, "check-service")["build"]


def settle(scripts, transcript, writes):
    """Compares the README's transcript with a run's, or writes it there."""
    text = read(scripts)
    shown = TRANSCRIPT.search(text)
    if shown is None:
        sys.exit("README.md has no place for the transcript of scripts/check-service")
    if shown[2] == transcript:
        return 0
    if writes:
        with open(path(scripts), "w", encoding="utf-8") as file:
            file.write(text[: shown.start(2)] + transcript + text[shown.end(2) :])
        return 0
    print("The README shows another transcript; --transcript writes this one there:")
    sys.stdout.writelines(difflib.unified_diff(
        shown[2].splitlines(True), transcript.splitlines(True), "README.md", "this run"))
    return 1
