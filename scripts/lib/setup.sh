# Shared by the scripts: finds the Swift toolchain and installs the system packages that are missing.
# To be sourced by bash with `set -euo pipefail`.
# shellcheck shell=bash

# The oldest toolchain that reads Package.swift.
readonly swift_minimum=6.3

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Puts a toolchain on the PATH, or ends with the way to get one.
need_swift() {
  local place version
  if ! command -v swift >/dev/null; then
    for place in /opt/swift/usr/bin /usr/local/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
      if [ -x "$place/swift" ]; then
        PATH="$place:$PATH"
        break
      fi
    done
  fi
  command -v swift >/dev/null || fail "No Swift toolchain found: install Swift $swift_minimum or" \
    "newer from https://swift.org/install and put its usr/bin on the PATH."
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  [ "$(printf '%s\n%s\n' "$swift_minimum" "${version:-0}" | sort -V | head -n 1)" = "$swift_minimum" ] ||
    fail "Swift ${version:-of an unknown version} is too old: install Swift $swift_minimum or newer" \
      "from https://swift.org/install."
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Ends where the Debian package has files on this machine, also where its installation did not come to
# its end: `refuse_beside_package ADVICE`.
refuse_beside_package() {
  local status
  status=$(dpkg-query --show --showformat='${db:Status-Status}' mexc-signald 2>/dev/null || true)
  case $status in
    '' | not-installed | config-files) ;;
    *) fail "The Debian package mexc-signald is on this machine (dpkg: $status). Nothing was changed. $1" ;;
  esac
}

# How the name of a file ends until it takes its place: what AppArmor and systemd pass over, also where an
# installation was broken off.
readonly unfinished=.dpkg-new

# After an installation that was broken off: a profile that has taken its place already is what was
# installed last.
settle_profiles() {
  local copy last
  for copy in /usr/share/mexc-signald/apparmor.d/*"$unfinished"; do
    last=${copy%"$unfinished"}
    if cmp -s "$copy" "/etc/apparmor.d/${last##*/}"; then mv -f "$copy" "$last"; fi
  done
}

# Whether a file is an AppArmor profile that is not as it was installed last. Where the copy of that is
# missing, dpkg may know the profile of a package that was removed; one of which nothing is known is taken
# for unchanged.
is_changed_profile() {
  local sum last=/usr/share/mexc-signald/apparmor.d/${1##*/}
  if [[ $1 != /etc/apparmor.d/* ]] || [ ! -e "$1" ]; then return 1; fi
  if [ -e "$last" ]; then
    ! cmp -s "$1" "$last"
  else
    sum=$(dpkg-query --show --showformat '${Conffiles}' mexc-signald 2>/dev/null |
      awk -v file="$1" '$1 == file { print $2 }') || true
    [ -n "$sum" ] && ! md5sum --check --status <<<"$sum  $1"
  fi
}

# Removes what scripts/install has installed, one path a line, but what is the person's own:
# configurations, and profiles that were changed. In the order of the list a profile comes before its
# copy, which stays with it.
remove_installed() {
  local file
  while read -r file; do
    if [ -n "$file" ]; then rm -f "$file$unfinished"; fi
    case $file in
      '' | /etc/mexc-signald/*) ;;
      /etc/apparmor.d/*) is_changed_profile "$file" || rm -f "$file" ;;
      /usr/share/mexc-signald/apparmor.d/*) [ -e "/etc/apparmor.d/${file##*/}" ] || rm -f "$file" ;;
      *) rm -f "$file" ;;
    esac
  done
}

# Installs those of the named Debian packages that are missing.
need_packages() {
  local package missing=() as_root=()
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say "Not a Debian system: make sure that what these packages hold is installed: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "Missing packages; run as root: apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing through ${as_root[*]:+sudo }apt-get: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --yes --no-install-recommends "${missing[@]}" >/dev/null
}

# Puts Prometheus' promtool into .build/promtool where the machine has none. Its package is unpacked and
# not installed, because that would start a server.
need_promtool() {
  local place=.build/promtool as_root=()
  if command -v promtool >/dev/null || [ -x $place/usr/bin/promtool ]; then return; fi
  if ! command -v apt-get >/dev/null; then
    say "Not a Debian system: make sure that Prometheus' promtool is on the PATH."
    return
  fi
  say "Unpacking promtool from Debian's prometheus"
  mkdir -p $place
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  (
    cd $place
    options=(-qq -o APT::Sandbox::User=root)
    apt-get "${options[@]}" download prometheus 2>/dev/null ||
      { "${as_root[@]}" apt-get -qq update && apt-get "${options[@]}" download prometheus; }
  ) || fail "Debian's package prometheus, which has promtool, cannot be had."
  dpkg-deb --extract $place/prometheus_*.deb $place
  rm $place/prometheus_*.deb
}

# Builds the programs as they are installed, with the Swift runtime inside where the toolchain has it
# for that, and prints their folder. One set of options for all scripts, so that none builds anew what
# another has built.
build_release() {
  local library options=(-c release)
  library="$(dirname "$(command -v swift)")/../lib/swift_static"
  [ ! -d "$library" ] || options+=(--static-swift-stdlib)
  swift build "${options[@]}" "$@" >&2 || return 1
  swift build "${options[@]}" --show-bin-path
}
