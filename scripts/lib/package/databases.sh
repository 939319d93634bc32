# The databases on this machine, before a program of another version meets them. Only what every
# Debian has is used: where the package was removed, no program of ours is there.
# shellcheck shell=dash

# The schema of a database of ours; nothing for any other file. The file's header has it at byte 60
# (user_version), and whose it is at 68 (application_id, "MXsg"). A start that updates a database folds
# its log into the file, so that the header tells the truth.
schema_of() {
  if [ ! -f "$1" ] || [ -L "$1" ]; then return 0; fi
  # shellcheck disable=SC2046 # Twelve numbers.
  set -- $(od -An -v -j60 -N12 -tu1 "$1")
  if [ "$#" -ne 12 ] || [ "$9 ${10} ${11} ${12}" != "77 88 115 103" ]; then return 0; fi
  echo $((($1 << 24) + ($2 << 16) + ($3 << 8) + $4))
}

# How a copy's name ends: with the time at which it was made. A longer name in between is another
# database's.
copy_ending='-[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z.db'

# The newest copy of a database of no more than a schema: `copy_to_go_back_to DATABASE SCHEMA`.
copy_to_go_back_to() {
  local copy schema found='' stem
  stem=$(basename "$1" .db)
  # By the time in their names, the newest last.
  for copy in "$(dirname "$1")/backups/$stem"$copy_ending; do
    schema=$(schema_of "$copy")
    if [ -n "$schema" ] && [ "$schema" -le "$2" ]; then found=$copy; fi
  done
  echo "$found"
}

# The database that a configuration names, as the program that is installed reads it; nothing where
# there is none, or the file is wrong, which a script that ends at the first failure gets along with.
database_of() {
  mexc-signald --config "$1" --check-config 2>/dev/null |
    sed -n '/^  "store": {$/,/^  }/s/^    "path": "\(.*\)",\{0,1\}$/\1/p' || true
}

# The database of an account, or, where no program can say which one its configuration names, all that
# lie in its folder: `databases_of ACCOUNT`, which is empty for the one without a name.
databases_of() {
  local database
  database=$(database_of "/etc/mexc-signald/${1:-config}.json5")
  if [ -n "$database" ]; then
    echo "$database"
  else
    find "/var/lib/mexc-signald${1:+-$1}" -maxdepth 1 -name '*.db' 2>/dev/null || true
  fi
}

# Those of every account, as ACCOUNT:DATABASE: a database may lie where its path tells no account.
databases_in_use() {
  local account database folder
  for folder in /var/lib/mexc-signald /var/lib/mexc-signald-*; do
    account=${folder#/var/lib/mexc-signald}
    account=${account#-}
    databases_of "$account" | while IFS= read -r database; do echo "$account:$database"; done
  done
}

# Whether a person said that a backup is going to take the place of a newer database: `is_given_up
# DATABASE`. It stays where it is until then: a start in between refuses it, and makes no empty one.
is_given_up() { [ -e "$1.downgrade" ]; }

# That word holds for one installation.
forget_given_up() {
  local line
  databases_in_use | while IFS= read -r line; do rm -f "${line#*:}.downgrade"; done
}

# Ends with 1 when a database is there that a program of this version and schema cannot read:
# `refuse_newer_databases VERSION SCHEMA`.
refuse_newer_databases() {
  local line database schema refused=0 lines
  lines=$(databases_in_use)
  while IFS= read -r line; do
    database=${line#*:}
    schema=$(schema_of "$database")
    if [ -n "$schema" ] && [ "$schema" -gt "$2" ] && ! is_given_up "$database"; then
      if [ "$refused" -eq 0 ]; then
        echo "mexc-signald $1 is refused. Nothing was changed: what runs goes on." >&2
      fi
      refused=1
      tell_way_back "${line%%:*}" "$database" "$schema" "$2" >&2
    fi
  done <<END_OF_LINES
$lines
END_OF_LINES
  return "$refused"
}

# How a person goes back to an older program: `tell_way_back ACCOUNT DATABASE SCHEMA KNOWN_SCHEMA`.
tell_way_back() {
  local copy instance=${1:+@$1}
  copy=$(copy_to_go_back_to "$2" "$4")
  echo "$2 was written by a newer version: its schema is $3, and this version reads $4 at the most."
  if [ -z "$copy" ]; then
    echo "There is no older copy in ${2%/*}/backups: keep the newer version."
    return
  fi
  cat <<END_OF_MESSAGE
To go back to the newest copy from before, with root's rights:
  1. systemctl stop mexc-signald$instance.socket mexc-signald$instance mexc-console$instance
  2. touch $2.downgrade
  3. install this version again; the package with
     apt-get install --allow-downgrades -o Dpkg::Options::=--force-confold ./FILE.deb
  4. mexc-signalctl --config /etc/mexc-signald/${1:-config}.json5 restore $copy
  5. systemctl start mexc-signald$instance
The restore keeps the newer database under another name, and what halted it holds on. The start is a
careful one: orders of the time since are looked for at the exchange. When they are those of its own
list: mexc-signalctl resume. Where a console ran: systemctl start mexc-console$instance
END_OF_MESSAGE
}

# Whether a copy was made after everything that stands in a database: `is_copied DATABASE`.
is_copied() {
  local log=$1
  if [ -s "$1-wal" ]; then log=$1-wal; fi
  [ -n "$(find "$(dirname "$1")/backups" -type f -name "$(basename "$1" .db)$copy_ending" \
    -newer "$1" -newer "$log" 2>/dev/null)" ]
}

# Those that this installation has copied, one a line. A service that runs goes on writing, so that the
# times of the files do not tell.
copied_databases=/run/mexc-signald.copied
forget_copies() { rm -f "$copied_databases"; }

# Copies every database in use that a program of this schema is going to update, with the rights of
# its owner, by the program that is installed: `copy_older_databases SCHEMA before|after`. Ends with 1
# when one cannot be copied. To be called before and after the programs are replaced: either may be the
# only one that can read a configuration, which says where the database is.
copy_older_databases() {
  local account configuration database schema paths
  for configuration in /etc/mexc-signald/*.json5; do
    if [ ! -e "$configuration" ]; then continue; fi
    account=$(basename "$configuration" .json5)
    if [ "$account" = config ]; then account=''; fi
    paths=$(databases_of "$account")
    while IFS= read -r database; do
      schema=$(schema_of "$database")
      if [ -z "$schema" ] || [ "$schema" -ge "$1" ] || is_copied "$database" ||
        grep -qxF -e "$database" "$copied_databases" 2>/dev/null; then continue; fi
      echo "mexc-signald: $database is going to be updated from schema $schema to $1; copying it" >&2
      if ! copy_database "$database" </dev/null; then
        tell_failed_copy "$database" "$2" >&2
        return 1
      fi
      echo "$database" >>"$copied_databases"
    done <<END_OF_PATHS
$paths
END_OF_PATHS
  done
}

# What a copy that failed means, before or after the programs are replaced: `tell_failed_copy DATABASE
# before|after`.
tell_failed_copy() {
  case $2 in
    before)
      cat <<END_OF_MESSAGE
mexc-signald: $1 could not be copied, so nothing is updated, and what runs goes on. Mend what is said
above, such as a full disk, and install this version again.
END_OF_MESSAGE
      ;;
    after)
      cat <<END_OF_MESSAGE
mexc-signald: $1 could not be copied. The new programs are in place already. What runs goes on, but the
next start, after a crash too, updates the database without a copy, and no former version reads it then.
So first of all mend what is said above, such as a full disk, and install this version again: that copies
the database, and restarts what runs.
END_OF_MESSAGE
      ;;
  esac
}

# Into the folder `backups` beside it: `copy_database DATABASE`. The account's own configuration may be
# written for the version that is not installed yet, which the program that is here cannot read.
copy_database() {
  local configuration copies owner result=0
  owner=$(stat -c %U "$1")
  copies=$(dirname "$1")/backups
  configuration=$(mktemp -p /run mexc-signald.XXXXXX)
  echo "{ store: { path: \"$1\" } }" >"$configuration"
  { chown "$owner" "$configuration" &&
    runuser -u "$owner" -- mkdir -p -m 0700 "$copies" &&
    runuser -u "$owner" -- mexc-signalctl --config "$configuration" backup "$copies/" >&2; } || result=1
  rm -f "$configuration"
  return "$result"
}
