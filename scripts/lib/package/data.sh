# What stays when the programs go: databases, signals, credentials.
# shellcheck shell=dash

# Removes folders in which nothing lies, and prints the files that are left.
remaining_data() {
  local folder file
  for folder in /var/spool/mexc-signald /var/spool/mexc-signald-* /var/lib/mexc-signald \
    /var/lib/mexc-signald-* /etc/mexc-signald; do
    if [ -d "$folder" ] && [ ! -L "$folder" ]; then
      find "$folder" -xdev -depth -type d -empty -delete
    fi
  done
  for folder in /var/lib/mexc-signald /var/lib/mexc-signald-* /var/spool/mexc-signald \
    /var/spool/mexc-signald-* /etc/mexc-signald; do
    if [ -d "$folder" ]; then find "$folder" -xdev ! -type d; fi
  done
  for file in /etc/credstore/mexc-signald.* /etc/credstore/mexc-signald-*; do
    if [ -e "$file" ]; then echo "$file"; fi
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

# Databases with their orders, signals, and credentials, of every account.
remove_data() {
  rm -rf /var/lib/mexc-signald /var/lib/mexc-signald-* /var/spool/mexc-signald \
    /var/spool/mexc-signald-* /run/mexc-signald /run/mexc-signald-* /etc/mexc-signald
  rm -f /etc/credstore/mexc-signald.* /etc/credstore/mexc-signald-* /etc/tmpfiles.d/mexc-signald-*.conf
}

# Units that were enabled by hand, and are not there.
remove_links() {
  find /etc/systemd/system -type l \( -lname '*/lib/systemd/system/mexc-signald*' -o \
    -lname '*/lib/systemd/system/mexc-console*' \) -delete
}

# What was added to the AppArmor profiles, and what AppArmor noted of them.
remove_profile_traces() {
  local profile
  for profile in usr.bin.mexc-signald usr.bin.mexc-console; do
    rm -f "/etc/apparmor.d/local/$profile" "/etc/apparmor.d/disable/$profile" \
      "/etc/apparmor.d/force-complain/$profile" /var/cache/apparmor/*/"$profile"
  done
}
