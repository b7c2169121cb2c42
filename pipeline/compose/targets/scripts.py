"""The shell scripts that run the commands of containers, for the shells of busybox, Alpine and Debian.

No string of a request is part of a script: the scripts receive paths and commands as arguments.
"""

from __future__ import annotations

SIGNALS = "/signals"
"""The mount point of the volume with the named pipe, by which containers detect that the final one has exited."""
PIPE = f"{SIGNALS}/running"
READY = "/run/ready"

_COPY = """\
# Remove files of an earlier run, then copy: to a temporary name first, so that no other container reads half a file.
while [ "$1" != -- ]; do rm -f "$1"; shift; done
shift
while [ "$1" != -- ]; do
  shared=$(dirname "$2")
  mkdir -p "$shared"
  [ "$(id -u)" != 0 ] || { chgrp "$GROUP" "$shared" && chmod g+rwx "$shared"; } 2>/dev/null || true
  rm -f "$2"
  if cp "$1" "$2.$$.tmp" && chmod 644 "$2.$$.tmp" && mv -f "$2.$$.tmp" "$2"; then
    [ "$(id -u)" != 0 ] || chown "$(stat -c %u:%g "$shared")" "$2" 2>/dev/null || true
    echo "$1 -> $2"
  else
    echo "ERROR: cannot copy $1 to $2" >&2
  fi
  shift 2
done
shift
"""

# Make the folders that the container writes to writable for commands that run as a non-root user.
_OPEN = """\
while [ "$1" != -- ]; do { chgrp "$GROUP" "$1" && chmod g+rwx "$1"; } 2>/dev/null || true; shift; done
shift
"""

# Commands of a request never run as root. The tools differ: Debian has setpriv, busybox start-stop-daemon.
_WITHOUT_ROOT = """\
without_root() {
  if setpriv --reuid 10001 --regid $GROUP --clear-groups true 2>/dev/null; then
    exec setpriv --reuid 10001 --regid $GROUP --clear-groups "$@"
  elif command -v start-stop-daemon >/dev/null; then
    program=$1
    shift
    exec start-stop-daemon -S -p /run/none -c nobody:$GROUP -a "$program" -- "$@"
  fi
  exec su -s /bin/sh nobody -c 'exec "$0" "$@"' -- "$@"
}
"""

_COMPANION = """\
# Exit on SIGTERM at once: the first process of a container has no default signal handlers.
trap 'exit 0' TERM INT
{copy}\
# The final container keeps the pipe open until it exits, for whatever reason; readers then get an end of file.
[ "$(id -u)" != 0 ] || chmod 1777 {signals} 2>/dev/null || true
end() {{
  until [ -p {pipe} ] || mkfifo -m 666 {pipe} 2>/dev/null; do sleep 1; done
  chmod 666 {pipe} 2>/dev/null
  cat <{pipe} >/dev/null
}}
end &
waiting=$!
{command}\
: >{ready}
# Repeat if the reader was ended by a signal instead of an end of file.
until wait $waiting; do end & waiting=$!; done
# Compose must detect the exit of the final container before that of this one.
sleep 6 & wait $!
exit 0
"""

# The command may exit, fail, or run forever: only the final container ends the stack.
_IN_BACKGROUND = """\
if [ $# -gt 0 ]; then
  {{
    ({run}"$@")
    status=$?
    [ $status = 0 ] || echo "ERROR: the command exited with status $status" >&2
    echo $status >{ready}.status
  }} &
  tries=0
  until [ -s {ready}.status ] || [ $tries -ge 50 ]; do tries=$((tries + 1)); sleep 0.2; done
fi
"""

# Other containers wait until the command has exited; a failure ends the stack.
_BEFORE = """\
if [ $# -gt 0 ]; then
  {run}"$@" &
  wait $! || {{ status=$?; echo "ERROR: the command exited with status $status" >&2; exit $status; }}
fi
"""

_FINAL = """\
{copy}\
# Kept open until the command has exited, which the other containers wait for.
[ ! -p {pipe} ] || exec 9<>{pipe}
[ $# -gt 0 ] || exit 0
{run}"$@"
"""

_HEALTHY = """\
[ -e {ready} ] || exit 1
[ ! -e {ready}.seen ] || sleep 20
: >{ready}.seen
"""

_HEALTHY_WITH = """\
[ -e {ready} ] || exit 1
exec "$@"
"""


def copying(group: str) -> str:
    """Return the lines that copy files. They consume the arguments: outdated files, ``--``, pairs of paths, ``--``.

    Args:
        group: the ID of the group that may write to the folders of the copies.
    """
    return _COPY.replace("$GROUP", group)


def opening(group: str) -> str:
    """Return the lines by which root makes folders writable for a group. They consume the folders and ``--``."""
    return _OPEN.replace("$GROUP", group)


def become_command(group: str) -> str:
    """Return the lines that replace the script with the command.

    Args:
        group: the group ID of the command if the script runs as root, because the command never does; otherwise empty.
    """
    if group:
        return _WITHOUT_ROOT.replace("$GROUP", group) + '[ $# -gt 0 ] || exit 0\nwithout_root "$@"\n'
    return '[ $# -gt 0 ] || exit 0\nexec "$@"\n'


def before(ready: str, *, waits_for_command: bool, group: str = "") -> str:
    """Return the lines that run the command of a container that other containers wait for.

    Args:
        ready: the path of a marker file, in a folder that the container can write to.
        waits_for_command: whether to wait until the command has exited; otherwise wait for at most ten seconds.
        group: the group ID of the command if the script runs as root, because the command never does; otherwise empty.
    """
    lines = _BEFORE if waits_for_command else _IN_BACKGROUND
    text = lines.format(ready=ready, run="without_root " if group else "")
    return _WITHOUT_ROOT.replace("$GROUP", group) + text if group else text


def companion(*, is_root: bool, copies: bool, group: str, waits_for_command: bool) -> str:
    """Return the script of a container that is ready after it has copied its files, and exits after the final one.

    Its arguments are the folders that it writes to and ``--`` (only as root), outdated files, ``--``, pairs of paths
    and ``--`` (only if it copies files), then the command.

    Args:
        is_root: whether the script runs as root. The command never does.
        copies: whether the script copies files.
        group: the ID of the group that may write to the folders.
        waits_for_command: whether it is ready only after the command has succeeded.
    """
    prepare = (_OPEN.replace("$GROUP", group) if is_root else "") + (copying(group) if copies else "")
    command = before(READY, waits_for_command=waits_for_command, group=group if is_root else "")
    return _COMPANION.format(copy=prepare, signals=SIGNALS, pipe=PIPE, ready=READY, command=command)


def final(*, is_root: bool, copies: bool, group: str, timeout: int | None) -> str:
    """Return the script of the container whose exit ends the stack. Its arguments are those of `companion`.

    Args:
        is_root: whether the script runs as root. The command never does.
        copies: whether the script copies files.
        group: the ID of the group that may write to the folders.
        timeout: the seconds after which the command is stopped with status 124 (143 in busybox); None for no limit.
    """
    prepare = (_OPEN.replace("$GROUP", group) if is_root else "") + (copying(group) if copies else "")
    limit = "" if timeout is None else f"timeout -k 10 {timeout} "
    run = f"without_root {limit}" if is_root else f"exec {limit}"
    without_root = _WITHOUT_ROOT.replace("$GROUP", group) if is_root else ""
    return _FINAL.format(copy=without_root + prepare, pipe=PIPE, run=run)


def healthy(*, with_command: bool) -> str:
    """Return the script of a health check; with a command, the container must be ready and the command must succeed."""
    return (_HEALTHY_WITH if with_command else _HEALTHY).format(ready=READY)
