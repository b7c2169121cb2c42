"""Messages of docker about a registry give a reason and advice. They are from docker 20.10 and 28."""

from __future__ import annotations

import pytest

from pipeline.publishing.failures import last_line, registry_failure

HOST = "registry.example.org:5000"

MESSAGES = [
    ('Get "http://localhost:5999/v2/": dial tcp 127.0.0.1:5999: connect: connection refused', "unreachable"),
    ('Get "https://nosuch.invalid/v2/": dial tcp: lookup nosuch.invalid on 10.0.0.1:53: no such host', "unreachable"),
    ('Get "https://h/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)', "unreachable"),
    ('Get "https://h/v2/": context deadline exceeded', "unreachable"),
    ("The push refers to repository [h/a]\nb66901f1c81d: Preparing\nno basic auth credentials", "credentials"),
    ("ERROR: pull access denied, repository does not exist or may require authorization: authorization failed: no "
     "basic auth credentials", "credentials"),
    ("unauthorized: authentication required", "credentials"),
    ("denied: requested access to the resource is denied", "denied"),
    ("error parsing HTTP 403 response body", "denied"),
    ('Get "https://192.0.2.2:5078/v2/": http: server gave HTTP response to HTTPS client', "insecure"),
    ('Get "https://192.0.2.2:5079/v2/": x509: certificate signed by unknown authority', "certificate"),
    ("received unexpected HTTP status: 501 Unsupported method ('POST')", "other"),
    ("", "other"),
]  # fmt: skip


@pytest.mark.parametrize(("output", "reason"), MESSAGES)
def test_the_reason_is_recognized(output: str, reason: str) -> None:
    failure = registry_failure(output, host=HOST, path="course/codebase_app07")
    assert (failure.reason, failure.status) == (reason, 69)
    assert HOST in failure.message
    assert (output.splitlines() or ["no message"])[-1].removeprefix("ERROR: ") in failure.message


def test_missing_credentials_give_a_hint_to_log_in() -> None:
    failure = registry_failure("no basic auth credentials", host=HOST, path="course")
    assert failure.hint == f"Log in first: docker login {HOST}"


def test_a_message_of_the_registry_is_shortened_and_stripped_of_escapes() -> None:
    said = last_line("first\n\x1b[31m" + "x" * 1000 + "\x1b[0m\nb66901f1c81d: Pushed\n")
    assert said == "x" * 300 + " ..."
