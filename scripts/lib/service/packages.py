"""The packages that scripts/check-package installs, made and looked at before the machine boots."""

import filecmp
import glob
import os
import re
import shutil
import subprocess

import transcript

PACKAGE = "mexc-signald"
# Lower than every version of the sources.
BEFORE = "0.0.9"
OLDER = "0.0.8"
# What only the next build has.
DOCUMENT = "/usr/share/doc/mexc-signald/examples/next-build"
# What the programs link, what TLS trusts, who asks at a purge, kill(1), and the system manager.
NEEDED = {"libc6", "libgcc-s1", "libsqlite3-0", "libssl3", "libstdc++6", "ca-certificates",
          "debconf", "procps", "systemd"}  # fmt: skip
# With what sed takes for something else.
MAINTAINER = "A & B"
# What stands for the number of the schema in preinst and postinst.
SCHEMA = re.compile(r"(refuse_newer_databases \S+|copy_older_databases) ([0-9]+)\b")


def make(here, binaries, folder):
    """In the run's folder: `present`, `before` (a lower version, with other conffiles), `older` (and a
    lower schema), `later` (the next build of the version)."""
    seen = transcript.Transcript()
    present = package(here, binaries, os.path.join(folder, "present"))
    again = package(here, binaries, os.path.join(folder, "again"))
    same = "the same" if filecmp.cmp(present, again, shallow=False) else "another"
    seen.step("the package, made twice", "the same, bit for bit", f"{same}, bit for bit")
    seen.step("lintian", "not a word", lint(here, present))
    maintainer = run("dpkg-deb", "--field", present, "Maintainer").stdout.rpartition(" <")[0]
    seen.step("its maintainer, by DEBFULLNAME", MAINTAINER, maintainer)
    others = needs(present) - NEEDED
    seen.step("it needs what Debian has, and no Swift", "yes", ", ".join(sorted(others)) or "yes")
    profiles = glob.glob(os.path.join(here, "..", "etc", "apparmor.d", "*"))
    done = run("apparmor_parser", "--skip-kernel-load", "--skip-cache", *profiles)
    seen.step("apparmor_parser on the profiles", "exit status 0", f"exit status {done.returncode}")
    listed = run("dpkg-deb", "--info", present, "conffiles").stdout.split()
    asked = [file for file in listed if not file.startswith("/etc/apparmor.d/")]
    seen.step("what dpkg asks about, but profiles", "nothing", ", ".join(asked) or "nothing")
    repack(present, os.path.join(folder, "before"), BEFORE, change=set_back_conffiles)
    repack(present, os.path.join(folder, "older"), OLDER, steps_back=1)
    repack(present, os.path.join(folder, "later"), later_version(here), change=add_document)
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
        env={**os.environ, "DEBFULLNAME": MAINTAINER},
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


def later_version(here):
    """That of a package of the same sources a second later."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", """
            cd "$1/.."
            . scripts/lib/setup.sh
            . scripts/lib/layout.sh
            SOURCE_DATE_EPOCH=$((${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} + 1))
            package_version""", "", here],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout.strip()  # fmt: skip


def add_document(root):
    """Without a word of it in the control file, by which APT would tell the packages apart."""
    with open(os.path.join(root, DOCUMENT.lstrip("/")), "w", encoding="ascii") as file:
        file.write("The next build.\n")


def set_back_conffiles(root):
    """The configuration as a conffile, and in it and in a profile another text than the present. No
    script diverts anything."""
    own, shared = "etc/mexc-signald/config.json5", "usr/share/mexc-signald/config.json5"
    os.makedirs(os.path.join(root, os.path.dirname(own)))
    os.rename(os.path.join(root, shared), os.path.join(root, own))
    os.chmod(os.path.join(root, own), 0o640)
    for path, comment in ((own, "//"), ("etc/apparmor.d/usr.bin.mexc-signald", "#")):
        with open(os.path.join(root, path), "a", encoding="utf-8") as file:
            file.write(f"{comment} As it was.\n")
    with open(os.path.join(root, "DEBIAN/conffiles"), "a", encoding="ascii") as file:
        file.write(f"/{own}\n")
    for name in ("preinst", "postinst", "postrm"):
        replace(os.path.join(root, "DEBIAN", name), "dpkg-divert", "true")
    sums = os.path.join(root, "DEBIAN/md5sums")
    with open(sums, encoding="ascii") as file:
        kept = [line for line in file if not line.endswith(f" {shared}\n")]
    with open(sums, "w", encoding="ascii") as file:
        file.writelines(kept)


def replace(path, old, new):
    with open(path, encoding="utf-8") as file:
        content = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(content.replace(old, new))


def repack(file, folder, version, steps_back=0, change=lambda root: None):
    """The same programs as a package of another version, of a schema so many steps older, and with a
    change to its files."""
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
    change(root)
    target = os.path.join(folder, os.path.basename(file).replace(f"_{own}_", f"_{version}_"))
    done = run("dpkg-deb", "--root-owner-group", "-Znone", "--build", root, target)
    if done.returncode != 0:
        raise RuntimeError(done.stdout)
    shutil.rmtree(root)
    return target
