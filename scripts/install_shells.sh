#!/usr/bin/env bash
# Installs zsh and fish from Debian's packages, because the scripts of `app07 completion` are tested in these shells.

set -euo pipefail

usage() {
    cat <<TEXT
Usage: install_shells.sh [--help]

Installs zsh and fish from Debian's packages (as root). Installed shells are not
changed.

Exit status: 0 both are installed, 2 wrong usage, 69 one is not available.
TEXT
}

say() { printf 'shells: %s\n' "$*"; }

fail() {
    printf 'shells: %s\n' "$*" >&2
    exit 69
}

quiet_apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

case "${1:-}" in
    "") ;;
    -h | --help)
        usage
        exit 0
        ;;
    *)
        usage >&2
        exit 2
        ;;
esac

missing=()
for shell in zsh fish; do
    if command -v "$shell" >/dev/null; then
        say "$shell is installed"
    else
        missing+=("$shell")
    fi
done
((${#missing[@]})) || exit 0
((EUID == 0)) || fail "installing ${missing[*]} needs root: sudo scripts/install_shells.sh"
quiet_apt update || fail "apt-get update failed: is the Debian mirror reachable?"
quiet_apt install -y --no-install-recommends "${missing[@]}" >/dev/null || fail "apt-get could not install ${missing[*]}."
say "installed ${missing[*]}"
