#!/usr/bin/env bash
# Installs both versions of Compose side by side, from Debian's packages.
#
# The compose file is tested with `docker-compose` 1.29.2 (Python) and with
# `docker compose` 2.26.1 (plugin). Debian has the first in bookworm and the second
# in trixie, in packages of the same name. The first is installed as usual; from
# the second, only the plugin binary is unpacked, with buildx 0.13.1, which it and
# newer clients need to build images.
#
# The apt sources of the machine are not changed: the package list of trixie is
# kept in a temporary folder.

set -euo pipefail

# shellcheck source=debian_mirror.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_mirror.sh"

readonly V1=1.29.2
readonly V2=2.26.1
readonly BUILDX=0.13.1
readonly PLUGIN_RELEASE=trixie
readonly V1_RELEASE=bookworm
# Old (20.10) and new (28) Docker clients search this folder before those of packages.
readonly PLUGIN_FOLDER=/usr/local/lib/docker/cli-plugins

scratch=""

usage() {
    cat <<TEXT
Usage: install_compose.sh [--help]

Installs docker-compose ${V1} and, as plugins of the docker command, compose
${V2} and buildx ${BUILDX}, all from Debian's packages (as root). Programs that
are installed in these versions are not changed.

Exit status: 0 all are installed, 2 wrong usage, 69 one is not available.
TEXT
}

say() { printf 'compose: %s\n' "$*"; }

fail() {
    printf 'compose: %s\n' "$*" >&2
    exit 69
}

remove_scratch() { if [[ -n "${scratch}" ]]; then rm -rf "${scratch}"; fi; }

# Each prints the installed version, or nothing.
v1_version() { docker-compose version --short 2>/dev/null || true; }
v2_version() { docker compose version --short 2>/dev/null | sed 's/^v//' || true; }
buildx_version() { docker buildx version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true; }

# "2.26.1-4" and "2.26.1" are both 2.26.1.
is_version() { [[ "$1" == "$2" || "$1" == "$2"[-+~]* ]]; }

require_root() {
    [[ "$(id -u)" -eq 0 ]] || fail "$1 is missing, and only root can install it."
}

quiet_apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"; }

install_v1() {
    if is_version "$(v1_version)" "${V1}"; then
        say "docker-compose ${V1} is installed"
        return
    fi
    require_root "docker-compose ${V1}"
    say "installing docker-compose ${V1} (Debian ${V1_RELEASE})"
    quiet_apt update || fail "apt-get update failed: is the Debian mirror reachable?"
    local candidate
    candidate="$(apt-cache policy docker-compose | awk '$1 == "Candidate:" { print $2 }')"
    is_version "${candidate}" "${V1}" ||
        fail "docker-compose ${V1} is in Debian ${V1_RELEASE}; this machine's sources offer '${candidate:-none}'."
    quiet_apt install -y --no-install-recommends docker-compose >/dev/null ||
        fail "apt-get could not install docker-compose."
    is_version "$(v1_version)" "${V1}" ||
        fail "docker-compose is installed, but '$(command -v docker-compose)' reports version '$(v1_version)'."
}

trixie_apt() {
    apt-get -qq -o Dir::Etc::SourceList="${scratch}/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="${scratch}/lists" -o Dir::Cache="${scratch}/cache" \
        -o APT::Sandbox::User=root "$@"
}

read_trixie_lists() {
    if [[ -n "${scratch}" ]]; then return; fi
    local mirror
    mirror="$(debian_mirror)" || fail "found no Debian archive in this machine's apt sources."
    scratch="$(mktemp -d)"
    mkdir -p "${scratch}/lists/partial" "${scratch}/cache/archives/partial"
    printf 'deb [signed-by=%s] %s %s main\n' "${DEBIAN_KEYRING}" "${mirror}" "${PLUGIN_RELEASE}" >"${scratch}/sources.list"
    trixie_apt update || fail "the mirror of this machine's apt sources does not serve ${PLUGIN_RELEASE}."
}

# install_plugin PACKAGE VERSION: installs the plugin binary of a package.
install_plugin() {
    local package="$1" version="$2" found folder
    require_root "${package} ${version}"
    read_trixie_lists
    say "unpacking ${package} ${version} (Debian ${PLUGIN_RELEASE}) into ${PLUGIN_FOLDER}"
    folder="${scratch}/${package}"
    mkdir -p "${folder}"
    (cd "${folder}" && trixie_apt download "${package}=${version}*") ||
        fail "${package} ${version} is not available in Debian ${PLUGIN_RELEASE}."
    dpkg-deb -x "${folder}"/*.deb "${folder}/tree"
    found="$(find "${folder}/tree" -type f -path "*/cli-plugins/${package}")"
    [[ -n "${found}" ]] || fail "the package ${package} ${version} does not contain the plugin."
    install -D -m 0755 "${found}" "${PLUGIN_FOLDER}/${package}"
}

# ensure_plugin PACKAGE VERSION VERSION-FUNCTION
ensure_plugin() {
    local package="$1" version="$2" ask="$3"
    if is_version "$("${ask}")" "${version}"; then
        say "plugin ${package} ${version} is installed"
        return
    fi
    install_plugin "${package}" "${version}"
    is_version "$("${ask}")" "${version}" || fail "${package} ${version} is unpacked, but docker uses version '$("${ask}")'."
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    command -v docker >/dev/null || fail "the docker command is not installed: run start_engine.sh first."
    trap remove_scratch EXIT
    install_v1
    ensure_plugin docker-compose "${V2}" v2_version
    ensure_plugin docker-buildx "${BUILDX}" buildx_version
    say "docker-compose $(v1_version), docker compose $(v2_version), buildx $(buildx_version)"
}

main "$@"
