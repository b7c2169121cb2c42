"""Find files that hold passwords, keys or tokens, by name and by content."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from common.errors import DataError

_SECRET_NAMES = (
    ".env", ".env.*", "*.env", "*.pem", "*.key", "*.ppk", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx",
    "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", ".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf",
    ".htpasswd", ".git-credentials", ".dockercfg", ".dockerconfigjson", "credentials", "credentials.*",
    "*credentials.json", "client_secret*", "secrets", "secrets.*", "*.secret", "token", "tokens", "token.*",
    "tokens.*", "*_token.*", "*.token", "kubeconfig", "service-account*.json", "service_account*.json",
)  # fmt: skip
_SECRET_FOLDERS = (".ssh", ".aws", ".azure", ".gnupg", ".docker", ".kube", "secrets")
# Every alternative of these expressions begins with a literal, so that the search can skip ahead to it.
_SECRETS = re.compile(
    rb"-{5}BEGIN [A-Z ]*PRIVATE KEY-{5}|"
    rb"AKIA[0-9A-Z]{16}\b|gh[pousr]_[A-Za-z0-9]{36}\b|github_pat_[A-Za-z0-9_]{22}|"
    rb"glpat-[A-Za-z0-9_-]{20}|xox[bpars]-[0-9A-Za-z-]{20}|AIza[0-9A-Za-z_-]{35}|npm_[A-Za-z0-9]{36}\b|"
    rb"pypi-AgEI[A-Za-z0-9_-]{20}"
)
# Reported as a warning only, because many programs have such lines without a secret. Matched in lower case.
_SUSPICIOUS = re.compile(
    rb"(?:password|passwd|secret|api[_-]?key|access[_-]?key|token)[\"']?\s*[:=]\s*"
    rb"[\"']?[a-z0-9+/_!@#$%^&*.-]{12,}|"
    rb"://[^/\s:@\"'<>]{1,64}:[^/\s:@\"'<>]{3,64}@[a-z0-9]"
)


def has_secret_name(name: str) -> bool:
    """Return whether the name of a file, or of a folder it is in, is typical of secrets.

    Python modules are exempt: a module may be about secrets.

    Args:
        name: the path relative to the project, with forward slashes.
    """
    *folders, last = name.lower().split("/")
    named = not last.endswith(".py") and _matches(last, _SECRET_NAMES)
    return named or any(_matches(folder, _SECRET_FOLDERS) for folder in folders)


def suspicious_lines(root: Path, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    """Search files for secrets.

    Args:
        root: the folder of the project.
        names: the files, relative to this folder.

    Returns:
        The files that may hold a secret, each with the line number.

    Raises:
        DataError: a file holds a secret of a known form.
    """
    suspicious = []
    for name in names:
        content = (root / name).read_bytes()
        if match := _SECRETS.search(content):
            raise DataError(
                f"{name} line {_line_of(content, match)} contains what looks like a secret",
                hint="Remove it, and revoke the secret, because it may already be known to others.",
                path=name,
            )
        if match := _SUSPICIOUS.search(content.lower()):
            suspicious.append((name, _line_of(content, match)))
    return tuple(suspicious)


def _line_of(content: bytes, match: re.Match[bytes]) -> int:
    return content.count(b"\n", 0, match.start()) + 1


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)
