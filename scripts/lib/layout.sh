# What lies where on a machine, for the package and for scripts/install. To be sourced by bash in the
# repository's folder.
# shellcheck shell=bash

# The programs that ship: all whose names begin with mexc-, but those that measure.
shipped_programs() {
  local folder
  for folder in Sources/mexc-*/; do
    case $folder in
      Sources/mexc-bench*) ;;
      *) basename "$folder" ;;
    esac
  done
}

# The version of the sources.
source_version() {
  local version
  version=$(sed -n 's/.*static let text = "\(.*\)"$/\1/p' Sources/Platform/Version.swift)
  [ -n "$version" ] || fail "Sources/Platform/Version.swift tells no version."
  printf '%s\n' "$version"
}

# That of a package of them: APT leaves another build of the same version alone. To be called with
# SOURCE_DATE_EPOCH.
package_version() {
  printf '%s+%s\n' "$(source_version)" "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)"
}

# Copies a file, and makes the folders on the way: `stage_file MODE FILE TARGET`.
stage_file() {
  install -D -m "$1" "$2" "$3"
}

# Everything that lies on a machine, with its modes: `stage ROOT PROGRAMS`.
stage() {
  local root=$1 programs=$2 name file
  for name in $(shipped_programs); do
    stage_file 0755 "$programs/$name" "$root/usr/bin/$name"
  done
  # Not in /etc: there it is the person's own, whom dpkg would ask about every change of the sample.
  stage_file 0644 etc/mexc-signald.json5 "$root/usr/share/mexc-signald/config.json5"
  for file in etc/apparmor.d/*; do
    stage_file 0644 "$file" "$root/etc/apparmor.d/$(basename "$file")"
    # By which scripts/install knows whether a person has changed it.
    stage_file 0644 "$file" "$root/usr/share/mexc-signald/apparmor.d/$(basename "$file")"
  done
  for file in systemd/*.service systemd/*.socket systemd/*.timer; do
    stage_file 0644 "$file" "$root/lib/systemd/system/$(basename "$file")"
  done
  for file in systemd/*.catalog; do
    [ ! -e "$file" ] || stage_file 0644 "$file" "$root/usr/lib/systemd/catalog/$(basename "$file")"
  done
  stage_file 0644 systemd/mexc-signald.sysusers.conf "$root/usr/lib/sysusers.d/mexc-signald.conf"
  stage_file 0644 systemd/mexc-signald.tmpfiles.conf "$root/usr/lib/tmpfiles.d/mexc-signald.conf"
  stage_documents "$root/usr/share" "$programs"
}

# The README, what a person may want to copy from, and the manual with the completions.
stage_documents() {
  local share=$1 programs=$2 doc=$1/doc/mexc-signald file
  stage_file 0644 README.md "$doc/README.md"
  stage_file 0644 systemd/restart-backoff.conf "$doc/examples/restart-backoff.conf"
  while read -r file; do
    stage_file 0644 "etc/$file" "$doc/examples/$file"
  done < <(find etc -type f -not -path 'etc/apparmor.d/*' -printf '%P\n')
  gzip -9n "$doc/README.md"
  # scripts/manual writes man/, bash-completion/, zsh/ and fish/ below a folder.
  if [ -x scripts/manual ]; then
    scripts/manual "$programs" "$share"
    find "$share/man" -type f -exec gzip -9n {} +
  fi
}

# The schema of the database that these programs write, read from one that the daemon makes. It
# reaches for no exchange: nothing listens on the discard port.
schema_written_by() {
  local programs=$1 folder daemon schema=
  folder=$(mktemp -d)
  cat >"$folder/config.json5" <<END_OF_CONFIGURATION
{
  exchange: { rest_url: "http://127.0.0.1:9" },
  intake: { directory: "$folder/spool", socket: "$folder/signal.sock" },
  store: { path: "$folder/state.db" },
  control: { socket: "$folder/control.sock" },
}
END_OF_CONFIGURATION
  "$programs/mexc-signald" --config "$folder/config.json5" 2>"$folder/log" &
  daemon=$!
  # It listens once the database is there.
  while kill -0 "$daemon" 2>/dev/null && [ ! -S "$folder/control.sock" ]; do sleep 0.1; done
  schema=$(schema_of "$folder/state.db")
  kill -TERM "$daemon" 2>/dev/null || true
  wait "$daemon" || true
  [ -n "$schema" ] || cat "$folder/log" >&2
  rm -rf "$folder"
  [ -n "$schema" ] || fail "$programs/mexc-signald made no database."
  printf '%s\n' "$schema"
}
