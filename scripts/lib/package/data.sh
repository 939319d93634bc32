# The end: what is stopped, and what stays when the programs go: databases, signals, credentials,
# drop-ins of the units.
# shellcheck shell=dash

# Stops everything of ours. The sockets and timers along with it, so that nothing starts it again.
stop_everything() {
  if [ ! -d /run/systemd/system ]; then return 0; fi
  deb-systemd-invoke stop 'mexc-signald*.socket' 'mexc-signald*.timer' 'mexc-signald*.service' \
    'mexc-console*.service' || true
}

# Removes folders in which nothing lies, but mount points.
remove_empty_folders() {
  local folder
  for folder in /var/spool/mexc-signald /var/spool/mexc-signald-* /var/lib/mexc-signald \
    /var/lib/mexc-signald-* /etc/mexc-signald; do
    if [ -d "$folder" ] && [ ! -L "$folder" ]; then
      find "$folder" -xdev -depth -type d -empty -delete 2>/dev/null || true
    fi
  done
}

# Prints the files that are left.
remaining_data() {
  local folder file
  for file in /etc/credstore/mexc-signald.* /etc/credstore/mexc-signald-*; do
    if [ -e "$file" ]; then echo "$file"; fi
  done
  # A drop-in may name a credential, without which its unit does not start. The signals are many, so
  # they come last.
  for folder in /etc/systemd/system/mexc-signald*.d /etc/systemd/system/mexc-console*.d \
    /etc/mexc-signald /var/lib/mexc-signald /var/lib/mexc-signald-* /var/spool/mexc-signald \
    /var/spool/mexc-signald-*; do
    if [ -d "$folder" ]; then find "$folder" ! -type d; fi
  done
}

# Says what is left, and how to remove it: `tell_of_data FILES`.
tell_of_data() {
  cat >&2 <<END_OF_MESSAGE
mexc-signald: these stay; a database is the only record of which signals were traded:
$(echo "$1" | head -n 20 | sed 's/^/  /')
END_OF_MESSAGE
  if [ "$(echo "$1" | wc -l)" -gt 20 ]; then echo "  and others" >&2; fi
}

# Databases with their orders, signals, credentials and drop-ins, of every account. Whatever still runs
# would trade on with a database that is in no folder any more. Fails when something stays, but for
# mount points with nothing in them. The credentials go first: whatever fails, no key stays.
remove_data() {
  stop_everything
  rm -f /etc/credstore/mexc-signald.* /etc/credstore/mexc-signald-* /etc/tmpfiles.d/mexc-signald-*.conf
  rm -rf /var/lib/mexc-signald /var/lib/mexc-signald-* /var/spool/mexc-signald \
    /var/spool/mexc-signald-* /run/mexc-signald /run/mexc-signald-* /etc/mexc-signald \
    /etc/systemd/system/mexc-signald*.d /etc/systemd/system/mexc-console*.d ||
    [ -z "$(remaining_data)" ]
}

# Units that were enabled by hand, and are not there.
remove_links() {
  find /etc/systemd/system -type l \( -lname '*/lib/systemd/system/mexc-signald*' -o \
    -lname '*/lib/systemd/system/mexc-console*' \) -delete
  find /etc/systemd/system -maxdepth 1 -type d -name 'mexc-signald*' -empty -delete
}

# When the timers ran, what was added to the AppArmor profiles, and what AppArmor noted of them.
remove_traces() {
  local profile
  rm -f /var/lib/systemd/timers/stamp-mexc-signald*.timer
  for profile in usr.bin.mexc-signald usr.bin.mexc-console; do
    rm -f "/etc/apparmor.d/local/$profile" "/etc/apparmor.d/disable/$profile" \
      "/etc/apparmor.d/force-complain/$profile" /var/cache/apparmor/*/"$profile"
  done
}
