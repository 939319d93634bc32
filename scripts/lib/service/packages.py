"""The packages that scripts/check-package installs, made and looked at before the machine boots."""

import filecmp
import glob
import os
import re
import shutil
import subprocess

import transcript

# Lower than every version of the sources.
BEFORE = "0.0.9"
OLDER = "0.0.8"
# What the programs link, what TLS trusts, who asks at a purge, kill(1), and the system manager.
NEEDED = {"libc6", "libgcc-s1", "libsqlite3-0", "libssl3", "libstdc++6", "ca-certificates",
          "debconf", "procps", "systemd"}  # fmt: skip
# What stands for the number of the schema in preinst and postinst.
SCHEMA = re.compile(r"(refuse_newer_databases \S+|copy_older_databases) ([0-9]+)\b")


def make(here, binaries, folder):
    """In the run's folder: `present`, `before` (a lower version), `older` (and a lower schema)."""
    seen = transcript.Transcript()
    present = package(here, binaries, os.path.join(folder, "present"))
    again = package(here, binaries, os.path.join(folder, "again"))
    same = "the same" if filecmp.cmp(present, again, shallow=False) else "another"
    seen.step("the package, made twice", "the same, bit for bit", f"{same}, bit for bit")
    seen.step("lintian", "not a word", lint(here, present))
    others = needs(present) - NEEDED
    seen.step("it needs what Debian has, and no Swift", "yes", ", ".join(sorted(others)) or "yes")
    profiles = glob.glob(os.path.join(here, "..", "etc", "apparmor.d", "*"))
    done = run("apparmor_parser", "--skip-kernel-load", "--skip-cache", *profiles)
    seen.step("apparmor_parser on the profiles", "exit status 0", f"exit status {done.returncode}")
    before = repack(present, os.path.join(folder, "before"), BEFORE, 0)
    repack(before, os.path.join(folder, "older"), OLDER, 1)
    return seen.differences == 0


def run(*command):
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip


def package(here, binaries, folder):
    """Runs scripts/package; answers with the file that it made."""
    script = os.path.join(here, "package")
    return os.path.abspath(subprocess.run(
        [script, "--bin", binaries, "--output", folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.splitlines()[-1])  # fmt: skip


def lint(here, file):
    # The manual pages are written by scripts/manual; without it there are none.
    has_manual = os.path.exists(os.path.join(here, "manual"))
    silent = [] if has_manual else ["--suppress-tags", "no-manual-page"]
    done = run("lintian", "--allow-root", *silent, file)
    return done.stdout.strip() or "not a word"


def needs(file):
    listed = run("dpkg-deb", "--field", file, "Depends").stdout.split(",")
    return {item.split()[0] for item in listed}


def repack(file, folder, version, steps_back):
    """The same programs as a package of another version, and of a schema so many steps older."""
    root = os.path.join(folder, "root")
    os.makedirs(folder)
    run("dpkg-deb", "--raw-extract", file, root)
    own = run("dpkg-deb", "--field", file, "Version").stdout.strip()
    for name in ("control", "preinst", "postinst"):
        path = os.path.join(root, "DEBIAN", name)
        with open(path, encoding="utf-8") as text:
            content = text.read()
        content = content.replace(f"Version: {own}", f"Version: {version}")
        content = content.replace(f"databases {own} ", f"databases {version} ")
        content = SCHEMA.sub(lambda found: f"{found[1]} {int(found[2]) - steps_back}", content)
        with open(path, "w", encoding="utf-8") as text:
            text.write(content)
    target = os.path.join(folder, os.path.basename(file).replace(f"_{own}_", f"_{version}_"))
    done = run("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, target)
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    shutil.rmtree(root)
    return target
