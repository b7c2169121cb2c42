"""Run git on an untrusted repository without hooks and filters, with limits on time, output, memory and size."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from evaluation.errors import CannotOpenHere, NoSubmission
from evaluation.processes import bounded_process
from evaluation.processes.bounded_process import with_memory_limit
from evaluation.quotas import MIB, Limits
from evaluation.submission.deep_folders import is_larger

TOO_LARGE = "too large"
_MOST_OUTPUT = 16 * MIB
# Maximum number of files and folders of a clone, including those of git; that of a submission is far lower.
_MOST_ENTRIES = 200_000
# Messages of git and curl about a server that was not reached; they are in English because of LC_ALL.
_NOT_REACHED = re.compile(
    r"Could not resolve|Couldn't connect|Failed to connect|[Cc]onnection (refused|timed out|reset|closed)|"
    r"Operation timed out|Network is unreachable|No route to host|RPC failed|early EOF|unexpected disconnect|"
    r"The requested URL returned error: (407|429|5\d\d)|SSL certificate problem|certificate verification failed|"
    # The refusal of a proxy is not a property of the repository.
    r"CONNECT tunnel failed|HTTP code \d+ from proxy|Proxy CONNECT aborted|Host key verification failed"
)
_TRY_AGAIN = "Evaluate it again when this machine can reach the server: nothing is decided until then."
_KEPT = frozenset(
    [
        *(
            "PATH",
            "HOME",
            "USER",
            "USERPROFILE",
            "SYSTEMROOT",
            "TMPDIR",
            "TEMP",
            "XDG_CONFIG_HOME",
            "SSH_AUTH_SOCK",
        ),
        *(
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "GIT_SSL_CAINFO",
        ),
    ]
)
# No code of the repository is executed, whatever the user's configuration is.
SAFE_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.allow=never"),
    *("-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always"),
    *("-c", "filter.lfs.smudge=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"),
    *("-c", "advice.detachedHead=false", "-c", "submodule.recurse=false", "-c", "gc.auto=0"),
    *("-c", "maintenance.auto=false", "-c", "core.attributesFile=" + os.devnull, "-c", "pack.threads=1"),
)


def run_git(
    arguments: Sequence[str],
    folder: Path,
    limits: Limits,
    what_failed: str,
    *,
    use_user_config: bool = False,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run git, and stop it if it takes too long, prints too much, or the clone becomes too large.

    Args:
        arguments: the arguments of git.
        folder: the folder of the clone.
        limits: limits on time and size.
        what_failed: the beginning of an error message.
        use_user_config: whether git reads the user's configuration, as is done for the user's own URL.
        environment: additional environment variables for git; None for none.

    Returns:
        The output of git.

    Raises:
        CannotOpenHere: git is not installed, took too long, or could not reach the server.
        NoSubmission: git failed, or exceeded a limit.
    """
    try:
        result = bounded_process.run_bounded(
            with_memory_limit(["git", *arguments], limits.clone_memory),
            seconds=limits.clone_seconds,
            output=_MOST_OUTPUT,
            environment={**_environment(use_user_config=use_user_config), **(environment or {})},
            check=lambda: TOO_LARGE if is_larger(folder, 2 * limits.total_size, _MOST_ENTRIES) else None,
            interval=0.5,
        )
    except FileNotFoundError as error:
        raise CannotOpenHere("git is not installed; repositories cannot be cloned") from error
    if result.end_reason == bounded_process.TIME:
        raise CannotOpenHere(f"{what_failed}: it took more than {limits.clone_seconds:g} s", hint=_TRY_AGAIN)
    if result.end_reason == TOO_LARGE:
        raise NoSubmission(
            f"{what_failed}: it is larger than {2 * limits.total_size // MIB} MB, or has too many files"
        )
    if result.end_reason == bounded_process.OUTPUT:
        raise NoSubmission(f"{what_failed}: it printed more than {_MOST_OUTPUT // MIB} MB")
    if result.status != 0:
        last = [line.strip()[:300] for line in result.output.splitlines() if line.strip()][-3:]
        text = "\n    ".join([f"{what_failed}:", *last])
        if _NOT_REACHED.search(text):
            raise CannotOpenHere(text, hint=_TRY_AGAIN)
        raise NoSubmission(text)
    return result.output


def _environment(*, use_user_config: bool) -> dict[str, str]:
    """Return the environment of git: variables for reaching a server, but none that change git's behaviour."""
    inherited = {name: value for name, value in os.environ.items() if name.upper() in _KEPT}
    isolation = {} if use_user_config else {"GIT_CONFIG_GLOBAL": os.devnull}
    return (
        inherited
        | isolation
        | {
            "GIT_CONFIG_NOSYSTEM": "0" if use_user_config else "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LFS_SKIP_SMUDGE": "1",
            "GIT_ASKPASS": os.devnull,
            "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=20",
            "LC_ALL": "C",
        }
    )


def check_out(folder: Path, commit: str, limits: Limits) -> None:
    """Check out a commit without the user's configuration, whose filters would run on untrusted files.

    Args:
        folder: the repository.
        commit: the hash of the commit.
        limits: limits on time and size.
    """
    arguments = ["-C", str(folder), *SAFE_OPTIONS, "checkout", "--quiet", "--force", "--detach", commit, "--"]
    run_git(arguments, folder, limits, "its files cannot be checked out")


class CloneTarget(Protocol):
    """Receives the files of a clone and remarks about it."""

    def folder(self, source: Path, parts: tuple[str, ...] = ()) -> None:
        """Copy the files of a folder.

        Args:
            source: the folder.
            parts: the path of the target folder, as components.
        """

    def remark(self, what: str, where: str, text: str) -> None:
        """Record a remark for the report.

        Args:
            what: the kind of remark, as in `Remark.what`.
            where: the path of the file, relative to the submission.
            text: the message.
        """
