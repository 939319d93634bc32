# The user, the folders and the services, for the package and for scripts/install.
# shellcheck shell=dash

# The sample as the configuration, where there is none: in paper mode. Its group is set along with the
# rest of the machine.
install_sample() {
  if [ ! -e /etc/mexc-signald/config.json5 ] && [ ! -L /etc/mexc-signald/config.json5 ]; then
    install -D -m 0640 /usr/share/mexc-signald/config.json5 /etc/mexc-signald/config.json5
  fi
}

# What has to be there before a service can start.
prepare_machine() {
  systemd-sysusers mexc-signald.conf
  systemd-tmpfiles --create mexc-signald.conf || true
  # The group exists from here on. A file that the daemon can read is left as it is, and so is a machine
  # of named accounts alone, which has none.
  if [ -e /etc/mexc-signald/config.json5 ] &&
    ! as_service mexc-signald.service test -r /etc/mexc-signald/config.json5; then
    chgrp mexc-signald /etc/mexc-signald/config.json5
  fi
  if [ -e /usr/lib/systemd/catalog/mexc-signald.catalog ]; then
    journalctl --update-catalog || true
  fi
  load_profiles
  warn_of_shadows
}

# Runs a command as the daemon's user with all groups that a unit has: `as_service UNIT COMMAND…`.
as_service() {
  local group groups='' unit=$1
  shift
  # Those that runuser is told take the place of the account's own.
  for group in $(id -Gn mexc-signald) \
    $(systemctl show --property SupplementaryGroups --value "$unit" 2>/dev/null || true); do
    # A unit may name one by its number.
    group=$(getent group "$group" | cut -d : -f 1)
    groups="$groups${group:+ --supp-group=$group}"
  done
  # shellcheck disable=SC2086 # One word a group.
  runuser -u mexc-signald --group="$(id -gn mexc-signald)" $groups -- "$@"
}

# The AppArmor profiles. What the machine's owner adds stands in local/.
load_profiles() {
  local profile
  for profile in usr.bin.mexc-signald usr.bin.mexc-console; do
    if [ ! -e "/etc/apparmor.d/local/$profile" ]; then
      install -D -m 0644 /dev/null "/etc/apparmor.d/local/$profile"
    fi
    if aa-enabled --quiet 2>/dev/null; then
      apparmor_parser -r -T -W "/etc/apparmor.d/$profile" || true
    fi
  done
}

# A unit in /etc comes before ours, whatever is installed.
warn_of_shadows() {
  local unit
  for unit in /etc/systemd/system/mexc-signald*.service /etc/systemd/system/mexc-signald*.socket \
    /etc/systemd/system/mexc-signald*.timer; do
    if [ -f "$unit" ] && [ ! -L "$unit" ] && [ -e "/lib/systemd/system/${unit##*/}" ]; then
      echo "mexc-signald: $unit is used instead of the installed unit; remove it, or put your" \
        "changes into a drop-in (systemctl edit ${unit##*/})" >&2
    fi
  done
}

# The services of ours that run, or that systemd is starting again.
running_services() {
  LC_ALL=C systemctl list-units --plain --no-legend --no-pager --state=active,activating,reloading \
    'mexc-signald.service' 'mexc-signald@*.service' 'mexc-console*.service' | cut -d ' ' -f 1
}

# Restarts what runs, one after the other. What was stopped stays so, and a service whose configuration
# is wrong for the programs that are installed is not ended for it.
restart_running() {
  local unit account configuration
  for unit in $(running_services); do
    account=$(expr "$unit" : '.*@\(.*\)\.service' || true)
    configuration=/etc/mexc-signald/${account:-config}.json5
    if [ -e "$configuration" ] && ! as_service "$unit" \
      mexc-signald --config "$configuration" --check-config --quiet >&2; then
      echo "mexc-signald: $unit is not restarted and goes on with the program that it began with;" \
        "mend $configuration, then: systemctl restart $unit" >&2
    elif ! deb-systemd-invoke try-restart "$unit"; then
      echo "mexc-signald: $unit did not start again; see: journalctl -u $unit -p err" >&2
    fi
  done
}
