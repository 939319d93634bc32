"""The database of a stopped account that lies where only its configuration tells."""

FOLDER = "/srv/third"
DATABASE = f"{FOLDER}/traded.sqlite"
CONFIGURATION = "/etc/mexc-signald/third.json5"
COPIES = f"{FOLDER}/backups"
# A copy of the database traded.sqlite-eth.db.
OF_ANOTHER = f"{COPIES}/traded.sqlite-eth-20991231T235959Z.db"
# Where a unit of it would keep what it has.
STATE = "/var/lib/mexc-signald-third"


def make(story):
    """With a copy of another account's database, whose name begins in the same way."""
    machine, owner, copied = story.machine, "mexc-signald", story.databases[1]
    for folder in (FOLDER, STATE, COPIES):
        machine.must("install", "-d", "-m", "0700", "-o", owner, "-g", owner, folder)
    for file in (DATABASE, OF_ANOTHER):
        machine.must("install", "-m", "0600", "-o", owner, "-g", owner, copied, file)
    machine.must("sh", "-c", f"sed 's#{copied}#{DATABASE}#' {story.second.configuration} "
                 f">{CONFIGURATION}")  # fmt: skip


def copies(story):
    """Those of the account's own database."""
    listed = story.machine.must("ls", COPIES).split()
    return [path for path in (f"{COPIES}/{name}" for name in listed) if path != OF_ANOTHER]


def remove(story):
    story.machine.must("rm", "-r", FOLDER, STATE, CONFIGURATION)


def refused_downgrade(story):
    """What it says to do is for the account, whatever the path."""
    make(story)
    copy = f"{COPIES}/traded.sqlite-20260101T000000Z.db"
    for path in (copy, OF_ANOTHER):
        story.machine.must("install", "-D", story.copies()[0], path)
    status, said = story.apt("install", "--allow-downgrades", story.file())
    todo = {
        1: "systemctl stop mexc-signald@third.socket mexc-signald@third mexc-console@third",
        2: f"touch {DATABASE}.downgrade",
        3: "install this version again; the package with",
        4: f"mexc-signalctl --config {CONFIGURATION} restore {copy}",
        5: "systemctl start mexc-signald@third",
    }
    missing = [line for number, line in todo.items() if line not in story.todo(said, number)]
    story.step("a downgrade with a database elsewhere", "exit status 100", status)
    story.step("it says what to do for its account", "yes", said if missing else "yes")
    options = "--allow-downgrades -o Dpkg::Options::=--force-confold"
    story.step("it names the options of a downgrade", "yes", "yes" if options in said else said)
    remove(story)
