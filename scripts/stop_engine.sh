#!/usr/bin/env bash
# Stops the Docker engine that start_engine.sh started, and no other.
#
# A machine may run another engine. Only the process whose id start_engine.sh wrote
# is stopped, and only if it is still a dockerd. Images and volumes in
# /var/lib/docker are kept.

set -euo pipefail

readonly PID_FILE="${ENGINE_PID_FILE:-/var/run/dockerd-started-by-script.pid}"
readonly WAIT_SECONDS=60

usage() {
    cat <<TEXT
Usage: stop_engine.sh [--help]

Stops the dockerd that start_engine.sh started (as root). This stops running
containers; images and volumes are kept.

Environment:
  ENGINE_PID_FILE   file of the process id (now ${PID_FILE})

Exit status: 0 stopped, or none was started, 2 wrong usage, 69 it did not stop.
TEXT
}

say() { printf 'engine: %s\n' "$*"; }

fail() {
    printf 'engine: %s\n' "$*" >&2
    exit 69
}

# The id may have been reused by another process since it was written.
is_dockerd() { [[ "$(cat "/proc/$1/comm" 2>/dev/null)" == dockerd ]]; }

wait_for_end() {
    local pid="$1" end=$((SECONDS + WAIT_SECONDS))
    while ((SECONDS < end)); do
        if ! is_dockerd "${pid}"; then return; fi
        sleep 0.5
    done
    fail "dockerd ${pid} is still running after ${WAIT_SECONDS} s."
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    if [[ ! -s "${PID_FILE}" ]]; then
        say "start_engine.sh has started no engine; nothing to stop"
        return
    fi
    local pid
    pid="$(cat "${PID_FILE}")"
    if is_dockerd "${pid}"; then
        say "stopping dockerd ${pid}"
        kill -TERM "${pid}" || fail "no permission to stop dockerd ${pid}: run this as root."
        wait_for_end "${pid}"
        say "stopped"
    else
        say "the dockerd that start_engine.sh started has already ended"
    fi
    rm -f "${PID_FILE}"
}

main "$@"
