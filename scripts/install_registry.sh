#!/usr/bin/env bash
# Unpacks the image registry of Debian's package docker-registry.
#
# The tests of `publish` push to a real registry, which they start and stop on the
# loopback address. Only the program is unpacked: the package itself would start a
# service on port 5000 of every address.

set -euo pipefail

readonly PROGRAM=/usr/local/bin/docker-registry
readonly PACKAGE=docker-registry

scratch=""

usage() {
    cat <<TEXT
Usage: install_registry.sh [--help]

Unpacks Debian's docker-registry into ${PROGRAM} (as root), and starts nothing.
A docker-registry that is installed is not changed.

Exit status: 0 it is installed, 2 wrong usage, 69 it is not available.
TEXT
}

say() { printf 'registry: %s\n' "$*"; }

fail() {
    printf 'registry: %s\n' "$*" >&2
    exit 69
}

remove_scratch() { if [[ -n "${scratch}" ]]; then rm -rf "${scratch}"; fi; }

version() { docker-registry --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; }

download() { (cd "${scratch}" && apt-get -qq -o APT::Sandbox::User=root download "${PACKAGE}" 2>/dev/null); }

unpack() {
    [[ "$(id -u)" -eq 0 ]] || fail "docker-registry is missing, and only root can unpack it."
    command -v apt-get >/dev/null || fail "docker-registry is missing, and this is not a Debian machine."
    scratch="$(mktemp -d)"
    # The package lists may be old, or missing as in container images.
    download || { apt-get -qq update && download; } || fail "apt-get could not download ${PACKAGE}."
    dpkg-deb -x "${scratch}"/*.deb "${scratch}/tree"
    install -D -m 0755 "${scratch}/tree/usr/bin/docker-registry" "${PROGRAM}"
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    trap remove_scratch EXIT
    if [[ -z "$(version)" ]]; then
        say "unpacking ${PACKAGE} from Debian into ${PROGRAM}"
        unpack
    fi
    [[ -n "$(version)" ]] || fail "$(command -v docker-registry || echo "${PROGRAM}") does not start."
    say "docker-registry $(version)"
}

main "$@"
