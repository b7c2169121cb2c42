#!/usr/bin/env bash
# Ends the Docker engine that start_engine.sh started, and no other.
#
# Why: a machine may run an engine of its own. Only the process id that
# start_engine.sh wrote down is ended, and only while it still is a dockerd.
# Images and volumes in /var/lib/docker stay.

set -euo pipefail

readonly PID_FILE="${ENGINE_PID_FILE:-/var/run/dockerd-started-by-script.pid}"
readonly WAIT_SECONDS=60

usage() {
    cat <<TEXT
Usage: stop_engine.sh [--help]

Ends the dockerd that start_engine.sh started (as root). Running containers are
stopped by it; images and volumes stay.

Environment:
  ENGINE_PID_FILE   where the process id stands (now ${PID_FILE})

Exit status: 0 it is ended or none was started, 2 wrong usage, 69 it did not end.
TEXT
}

say() { printf 'engine: %s\n' "$*"; }

fail() {
    printf 'engine: %s\n' "$*" >&2
    exit 69
}

# The id may have been given to another process since it was written down.
is_dockerd() { [[ "$(cat "/proc/$1/comm" 2>/dev/null)" == dockerd ]]; }

wait_for_end() {
    local pid="$1" end=$((SECONDS + WAIT_SECONDS))
    while ((SECONDS < end)); do
        if ! is_dockerd "${pid}"; then return; fi
        sleep 0.5
    done
    fail "dockerd ${pid} still runs after ${WAIT_SECONDS} s."
}

main() {
    case "${1:-}" in
    -h | --help) usage && exit 0 ;;
    '') ;;
    *) usage >&2 && exit 2 ;;
    esac
    if [[ ! -s "${PID_FILE}" ]]; then
        say "start_engine.sh has started none here; nothing to end"
        return
    fi
    local pid
    pid="$(cat "${PID_FILE}")"
    if is_dockerd "${pid}"; then
        say "ending dockerd ${pid}"
        kill -TERM "${pid}" || fail "may not end dockerd ${pid}: run this as root."
        wait_for_end "${pid}"
        say "ended"
    else
        say "the dockerd that start_engine.sh started is gone already"
    fi
    rm -f "${PID_FILE}"
}

main "$@"
