#!/usr/bin/env bash
# Starts a Docker engine on a Debian machine on which none is running.
#
# The tests use real containers, and many test machines have no engine, no systemd,
# or only a client. A running engine is not changed.
#
# Undo: stop_engine.sh ends the engine that this script started.

set -euo pipefail

readonly PID_FILE="${ENGINE_PID_FILE:-/var/run/dockerd-started-by-script.pid}"
readonly LOG_FILE="${ENGINE_LOG_FILE:-/var/log/dockerd.log}"
readonly DAEMON_PID_FILE=/var/run/docker.pid # written by dockerd
readonly SOCKET="unix:///var/run/docker.sock"
readonly WAIT_SECONDS=60
# dockerd needs iptables for the default bridge; the registry and the package
# index are reached over TLS; xz, git and apparmor are optional and left out.
readonly PACKAGES=(docker.io containerd runc iptables ca-certificates)

usage() {
    cat <<TEXT
Usage: start_engine.sh [--help]

Starts a Docker engine. Does nothing if one is running; otherwise, as root,
installs Debian's docker.io if dockerd is missing, and starts dockerd detached
from this shell.

Environment:
  ENGINE_PID_FILE   file of the process id  (now ${PID_FILE})
  ENGINE_LOG_FILE   log file of dockerd     (now ${LOG_FILE})

Exit status: 0 an engine is running, 2 wrong usage, 69 none could be started.
TEXT
}

say() { printf 'engine: %s\n' "$*"; }

fail() {
    printf 'engine: %s\n' "$*" >&2
    exit 69
}

# The client can hang on a half-open socket, so every call has a time limit.
engine_responds() { timeout 20 docker info --format '{{.ServerVersion}}' >/dev/null 2>&1; }

# "20.10.24+dfsg1, overlay2"
engine_words() { timeout 20 docker info --format '{{.ServerVersion}}, storage {{.Driver}}'; }

refuse_where_starting_one_cannot_help() {
    if [[ -n "${DOCKER_HOST:-}" && "${DOCKER_HOST}" != "${SOCKET}" ]]; then
        fail "DOCKER_HOST is ${DOCKER_HOST} and no engine responds there; start that engine, or unset DOCKER_HOST."
    fi
    if [[ "$(id -u)" -ne 0 ]]; then
        fail "no engine responds for user $(id -un). Run this as root; or, if one is running, join the group docker (usermod -aG docker $(id -un)) and log in again."
    fi
    command -v apt-get >/dev/null || fail "no engine responds, and this is not a Debian machine: install Docker by hand."
}

missing_packages() {
    local package
    for package in "${PACKAGES[@]}"; do
        dpkg-query -W -f '${Status}' "${package}" 2>/dev/null | grep -q 'ok installed' || printf '%s\n' "${package}"
    done
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    if [[ ${#missing[@]} -eq 0 ]]; then return; fi
    # A dockerd from another source (docker-ce) must not be replaced by Debian's.
    if command -v dockerd >/dev/null && command -v iptables >/dev/null; then return; fi
    say "installing from Debian: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || fail "apt-get update failed: is the Debian mirror reachable?"
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
        fail "apt-get could not install ${missing[*]}."
}

# With systemd, the service of the package is used.
start_service_where_systemd_runs() {
    [[ -d /run/systemd/system ]] || return 1
    say "asking systemd to start docker.service"
    systemctl start docker.service && engine_responds
}

# The group whose members may use the socket.
ensure_group() { getent group docker >/dev/null || groupadd --system docker; }

start_daemon() {
    say "starting dockerd detached from this shell, log in ${LOG_FILE}"
    ensure_group
    # Detached (setsid, no terminal): it outlives the shell and its Ctrl-C.
    # GOGC: dockerd starts itself again for each container, and a short process need not collect garbage. A run of
    # busybox takes about a seventh less processor time.
    # shellcheck disable=SC2016 # the inner shell writes its own process id
    setsid --fork bash -c 'cd /; echo $$ >"$1"; GOGC="${GOGC:-400}" exec dockerd -G docker' _ "${PID_FILE}" \
        >>"${LOG_FILE}" 2>&1 </dev/null
}

# runs_by FILE: succeeds if the process id in FILE belongs to a dockerd. (The id may
# have been reused by another process since it was written.)
runs_by() { [[ -s "$1" && "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" == dockerd ]]; }

# Started by this script, or by an init script of the package.
daemon_runs() { runs_by "${PID_FILE}" || runs_by "${DAEMON_PID_FILE}"; }

show_log_and_fail() {
    printf 'engine: the last lines of %s:\n' "${LOG_FILE}" >&2
    tail -n 25 "${LOG_FILE}" >&2 || true
    fail "$1"
}

wait_for_engine() {
    local begin="${SECONDS}"
    while ((SECONDS < begin + WAIT_SECONDS)); do
        if engine_responds; then return; fi
        if ((SECONDS > begin + 2)) && ! daemon_runs; then show_log_and_fail "dockerd exited immediately."; fi
        sleep 0.5
    done
    show_log_and_fail "dockerd did not respond within ${WAIT_SECONDS} s."
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    if command -v docker >/dev/null && engine_responds; then
        say "an engine is already running ($(engine_words)); nothing to do"
        return
    fi
    refuse_where_starting_one_cannot_help
    install_packages
    if engine_responds || start_service_where_systemd_runs; then
        say "docker.service is running ($(engine_words))"
        return
    fi
    # Wait for an engine that is still starting, and do not start a second one.
    daemon_runs || start_daemon
    wait_for_engine
    say "running ($(engine_words))"
}

main "$@"
