"""What docker says when a registry cannot be used, as errors with a reason and what to do."""

from __future__ import annotations

import re

from pipeline.console import strip_escapes
from pipeline.errors import RegistryFailed

_LONGEST = 300

# In this order: the first pattern that docker's message contains.
_REASONS = (
    ("insecure", r"server gave HTTP response to HTTPS client",
     "{host} speaks HTTP without TLS, which docker accepts of this machine (localhost) alone",
     "Give the registry a certificate. Images and credentials would travel unprotected."),
    ("certificate", r"x509:|certificate|tls:",
     "the certificate of {host} is not trusted",
     "Add the certificate of its authority to /etc/docker/certs.d/{host}/ca.crt and to this machine."),
    ("credentials", r"no basic auth credentials|unauthorized|authentication required|authorization failed",
     "{host} asks for credentials, and docker has none that it accepts",
     "Log in first: docker login {host}"),
    ("denied", r"\bdenied\b|forbidden|insufficient_scope|\b403\b",
     "{host} does not allow to push to {path}",
     "Is the name right, and may this account write there? docker login {host} changes the account."),
    ("unreachable", r"connection refused|no such host|no route to host|network is unreachable|i/o timeout"
     r"|deadline exceeded|connection reset|server misbehaving|TLS handshake timeout|Client\.Timeout|EOF$",
     "no registry answers at {host}",
     "Is the name right, and is the registry running?"),
    ("other", r"",
     "{host} does not answer as a registry does, or refuses the image", ""),
)  # fmt: skip


def registry_failure(output: str, *, host: str, path: str) -> RegistryFailed:
    """Return the error for a failed push or request.

    Args:
        output: what docker printed; the registry may have written parts of it.
        host: the registry.
        path: the path in the registry.
    """
    said = last_line(output)
    for reason, pattern, text, hint in _REASONS:
        if re.search(pattern, said, re.IGNORECASE | re.MULTILINE):
            message = text.format(host=host, path=path)
            return RegistryFailed(
                f"{message} ({said or 'no message'})", reason=reason, hint=hint.format(host=host)
            )
    raise AssertionError("the last pattern fits every text")


def last_line(output: str) -> str:
    """Return the last line of docker's output that is not about progress, cut to a readable length."""
    lines = [line.strip() for line in strip_escapes(output).splitlines()]
    lines = [line for line in lines if line and not re.fullmatch(r"[0-9a-f]{12}: .*", line)]
    said = lines[-1] if lines else ""
    said = re.sub(r"^(ERROR|Error response from daemon): ", "", said)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
