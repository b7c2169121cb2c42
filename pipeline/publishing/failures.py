"""Convert docker's messages about a registry that cannot be used to errors with a reason and advice."""

from __future__ import annotations

import re

from common.console import strip_escapes
from common.errors import RegistryFailed

_LONGEST = 300

# The first pattern that matches docker's message applies.
_REASONS = (
    ("insecure", r"server gave HTTP response to HTTPS client",
     "{host} uses HTTP without TLS, which docker accepts only on this machine (localhost)",
     "Set up TLS for the registry; otherwise, images and credentials would be sent unencrypted."),
    ("certificate", r"x509:|certificate|tls:",
     "the certificate of {host} is not trusted",
     "Add the certificate of its CA to /etc/docker/certs.d/{host}/ca.crt and to the trusted CAs of this machine."),
    ("credentials", r"no basic auth credentials|unauthorized|authentication required|authorization failed",
     "{host} requires credentials, and docker has none that it accepts",
     "Log in first: docker login {host}"),
    ("denied", r"\bdenied\b|forbidden|insufficient_scope|\b403\b",
     "{host} does not allow pushing to {path}",
     "Check the name and the permissions of the account; docker login {host} changes the account."),
    ("unreachable", r"connection refused|no such host|no route to host|network is unreachable|i/o timeout"
     r"|deadline exceeded|connection reset|server misbehaving|TLS handshake timeout|Client\.Timeout|EOF$",
     "no registry responds at {host}",
     "Check the name, and that the registry is running."),
    ("other", r"",
     "{host} is not a registry, or refuses the image", "Check the name, and the log of the registry."),
)  # fmt: skip


def registry_failure(output: str, *, host: str, path: str) -> RegistryFailed:
    """Return the error for a failed push or request.

    Args:
        output: the output of docker, parts of which may come from the registry.
        host: the registry.
        path: the path in the registry.
    """
    line = last_line(output)
    for reason, pattern, text, hint in _REASONS:
        if re.search(pattern, line, re.IGNORECASE | re.MULTILINE):
            message = text.format(host=host, path=path)
            return RegistryFailed(
                f"{message} ({line or 'no message'})", reason=reason, hint=hint.format(host=host)
            )
    raise AssertionError("the last pattern matches everything")


def last_line(output: str) -> str:
    """Return the last line of docker's output that does not report progress, shortened if it is long."""
    lines = [line.strip() for line in strip_escapes(output).splitlines()]
    lines = [line for line in lines if line and not re.fullmatch(r"[0-9a-f]{12}: .*", line)]
    last = lines[-1] if lines else ""
    last = re.sub(r"^(ERROR|Error response from daemon): ", "", last)
    return last if len(last) <= _LONGEST else f"{last[:_LONGEST]} ..."
