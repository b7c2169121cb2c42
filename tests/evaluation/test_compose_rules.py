"""An untrusted compose file is data: dangerous keys are refused with a reason, errors are reported."""

from __future__ import annotations

import json

import pytest

from common.docker_command import Compose
from evaluation.compose.compose_file import read_compose
from evaluation.compose.interpolation import SHELL_VARIABLES, CannotInterpolate, interpolate, read_env
from evaluation.compose.make_safe import make_safe
from evaluation.compose.mounts import Mount
from evaluation.compose.safe_stack import SafeService, SafeStack
from evaluation.engine.session import EngineSession
from evaluation.errors import CannotCheck
from evaluation.quotas import DEFAULT_LIMITS
from evaluation.sandbox.stack import Stack
from evaluation.submission.submission import Submission


@pytest.fixture
def safe(tmp_path):
    """Return the rewritten compose file for a submission with a few folders."""
    for name in ("shared_data", "models", "container3_codebase"):
        (tmp_path / name).mkdir()
    (tmp_path / "models" / "net.pkl").write_text("x")
    (tmp_path / "away").symlink_to("/etc")

    def make(text: str, **values: str):
        submission = Submission("one", "one", "folder", tmp_path)
        return make_safe(
            read_compose("docker-compose.yml", text.encode(), values), submission, DEFAULT_LIMITS
        )

    return make


def service(extra: str) -> str:
    return "services:\n  a:\n    image: busybox\n" + "".join(f"    {line}\n" for line in extra.splitlines())


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ("privileged: true", "gives the container all privileges on the host"),
        ("privileged: 'yes'", "gives the container all privileges on the host"),
        ("privileged: ${UNSET:-true}", "gives the container all privileges on the host"),
        ("pid: host", "shares it with the host"),
        ("network_mode: host", "shares it with the host"),
        ("ipc: host", "shares it with the host"),
        ("userns_mode: host", "shares it with the host"),
        ("network_mode: container:other", "not part of the submission"),
        ("devices: [/dev/kmsg]", "gives the container a device of the host"),
        ("cap_add: [SYS_ADMIN]", "is a capability that copying and computing do not need"),
        ("cap_add: [ALL]", "is a capability that copying and computing do not need"),
        ("security_opt: [seccomp:unconfined]", "removes a protection of the host"),
        ("volumes: [/:/host]", "is a system folder"),
        ("volumes: [~/:/x]", "is a system folder"),
        ("volumes: [/home:/x]", "is a system folder"),
        ("volumes: [/tmp/../etc:/x]", "is a system folder"),
        ("volumes: ['C:\\:/x']", "is a system folder"),
        ("volumes: ['C:\\Windows:/x']", "is a system folder"),
        ("volumes: ['../..:/x']", "is outside the submission"),
        ("volumes: ['./away:/x']", "through a link"),
        ("volumes: ['${UNSET:-/}:/x']", "is a system folder"),
        ("volumes: [/var/run/docker.sock:/var/run/docker.sock]", "root access to the host"),
        ("volumes: [{type: bind, source: /etc, target: /x}]", "is a system folder"),
        ("volumes: ['./models:/x:rshared']", "propagates mounts of the container to the host"),
        ("volumes: [{type: npipe, source: x, target: /x}]", "is not a supported volume type"),
        ("env_file: /etc/passwd", "is outside the submission"),
        ("env_file: [{path: ../secret}]", "is outside the submission"),
        ("extends: {file: /etc/x, service: y}", "loads its content from another file"),
        ("cgroup_parent: /", "moves the container outside the limits"),
        ("runtime: other", "requests another container runtime of the host"),
        ("sysctls: {a: 1}", "changes kernel parameters"),
        ("volumes_from: [container:x]", "mounts the volumes"),
        ("build: https://example.invalid/x.git", "is not in the submission"),
        ("build: ../other", "is outside the submission"),
        ("build: {context: ., ssh: [default]}", "is not supported in the builds"),
        ("deploy: {resources: {reservations: {devices: [{driver: other}]}}}", "a device of the host"),
        ("devices: [/dev/nvidia0, /dev/sda]", "gives the container a device of the host"),
        ("devices: ['/dev/dri:/dev/../etc']", "gives the container a device of the host"),
    ],
)
def test_dangerous_keys_are_refused_with_a_reason(safe, extra, reason):
    stack = safe(service(extra))
    assert stack.mistakes == ()
    assert len(stack.refusals) == 1
    assert reason in str(stack.refusals[0])
    assert str(stack.refusals[0]).startswith("a: `")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("include: [other.yml]\n", "loads its content from another file"),
        ("volumes: {v: {driver_opts: {type: none, o: bind, device: /}}}\n", "any folder of the host"),
        (
            "volumes: {v: {driver_opts: {type: nfs, o: addr=1.2.3.4, device: ':/x'}}}\n",
            "any folder of the host",
        ),
        ("volumes: {v: {driver_opts: {o: bind, device: ../..}}}\n", "any folder of the host"),
        ("volumes: {v: {driver_opts: {o: bind, device: /home/../etc}}}\n", "any folder of the host"),
        ("volumes: {v: {driver: other}}\n", "is not a driver"),
    ],
)
def test_dangerous_top_level_keys_are_refused(safe, text, reason):
    assert reason in str(safe(service("user: '1'") + text).refusals[0])


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "has no services"),
        ("- a list", "has no services"),
        ("services:\n", "has no `services:`"),
        ("services:\n  a:\n", "the service a has no content"),
        ("services:\n\ta: {}\n", "line 2"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "is duplicated"),
        (service("comand: x"), "unknown key `comand:` in the service a"),
        ("service:\n  a: {}\n" + service(""), "unknown top-level key `service:`"),
        (service("depends_on: [b]"), "a depends on b, but there is no such service"),
        (service("depends_on: {a: {condition: service_healthy}}"), "a depends on itself"),
        (service("depends_on: {a: {condition: service_is_nice}}"), "an unknown condition"),
        (service("volumes: [data:/x]"), "the volume data of a is not declared"),
        (service("volumes: ['./x']"), "has no absolute path in the container"),
        (service("volumes: ./x:/x"), "must be a list"),
        (service("env_file: missing.env"), "the env_file missing.env of a was not found"),
        ("services: {a: {command: x}}\n", "has neither an image nor a build"),
        (service("user: ${"), "has no closing brace"),
        (
            "version: 3.8\n" + service(""),
            '`version:` must be a string: write version: "3.8", or omit the line',
        ),
        ("services:\n  a b: {image: x}\n", "the service name 'a b' may contain only letters"),
        (
            service("networks: [backend]"),
            "the network backend of a is not declared under `networks:` at the top",
        ),
        (service("networks:"), "`networks:` of a must be a list or a mapping"),
        (service("networks: [default]\nnetwork_mode: bridge"), "a has both `network_mode:` and `networks:`"),
        (service("ports: 8080"), "`ports:` of a must be a list, but it is the number 8080"),
        (service("ports:\n  -'80:80'"), "`ports:` of a must be a list, but it is the string"),
        (service("ports: ['80:99999']"), "the port 99999 of a is larger than 65535"),
        (service("ports: ['80:http']"), "'80:http' in `ports:` of a is not a valid port"),
        (
            service("environment: [A: b]"),
            "must be a mapping, or a list of NAME=VALUE; it contains a mapping",
        ),
        (service("environment: {A: [1]}"), "`environment:` of a must be a mapping, or a list of NAME=VALUE"),
        (
            service("environment:"),
            "`environment:` of a must be a mapping, or a list of NAME=VALUE, but it is empty",
        ),
        (service("depends_on:"), "`depends_on:` of a is empty"),
        (service("depends_on: [b, b]"), "`depends_on:` of a has a duplicate entry"),
        (service("depends_on: {b: {}}"), "`depends_on:` of a has no `condition:` for b"),
        (service("command: [sleep, 5]"), "must be a string, or a list of strings; 5 in it is a number"),
        (service('command: sh -c "x'), "a quotation mark in `command:` of a is not closed"),
        (service("user: 1000"), "`user:` of a must be a string, but it is the number 1000"),
        (
            service("healthcheck: {test: x, interval: 5}"),
            "`interval:` in `healthcheck:` of a must be a string, such as 5s",
        ),
        (service("healthcheck: {test: [x]}"), "must begin with CMD, CMD-SHELL or NONE"),
        (service("healthcheck: {intervall: 5s}"), "unknown key `intervall:` in `healthcheck:` of a"),
        (service("healthcheck: {retries: x}"), "`retries:` in `healthcheck:` of a must be a number"),
        (service("user: ${A:?say who}"), "A must be set: say who"),
        (service("command: echo $5"), "a dollar sign is written $$"),
    ],
)
def test_an_invalid_compose_file_is_reported(safe, text, mistake):
    assert mistake in safe(text).mistakes[0]


def test_every_form_that_compose_reads_is_accepted(safe):
    """Each of these is accepted by Compose 1.29 and 2."""
    text = """
version: "3.8"
services:
  a:
    image: busybox
    command:
    entrypoint: sh -c 'echo "a b"'
    ports: [80, "8080:80", "127.0.0.1:80:80/udp", "3000-3005", {target: 80}]
    expose: [80, "81"]
    environment: {A: true, B: 1, C: , D: 1.5}
    labels: [a=b]
    extra_hosts: {a: 1.2.3.4}
    tmpfs: /run
    user: "1000"
    deploy:
    restart: on-failure:3
    networks: {default: , backend: {aliases: [x]}}
    healthcheck: {test: "true", interval: 5s, retries: "3", start_interval: 1s, disable: true}
  b:
    image: busybox
    environment: [A=1, B]
    depends_on: {a: {condition: service_started}}
    healthcheck: {test: NONE}
    group_add: [100]
    network_mode: none
networks:
  backend:
"""
    assert safe(text).mistakes == ()


@pytest.mark.slow
def test_nested_anchors_expand_within_limits(safe):
    lines = ["x-0: &x0 [1,1,1,1,1,1,1,1,1,1]"]
    lines += [f"x-{n}: &x{n} [{','.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too many values" in safe("\n".join(lines) + "\n" + service("")).mistakes[0]
    merged = ["x-0: &m0 {a: 1}"] + [
        f"x-{n}: &m{n}\n  <<: [{','.join([f'*m{n - 1}'] * 9)}]" for n in range(1, 30)
    ]
    assert safe("\n".join(merged) + "\n" + service("")).mistakes == ()
    assert "too large for a compose file" in safe("#" * 300_000).mistakes[0]
    assert "UTF-8" in read_compose("c.yml", b"\xff\xfe\x00", {}).mistakes[0]
    assert safe("a: " + "[" * 5000).mistakes


def test_safe_keys_are_copied_and_others_ignored(safe):
    stack = safe(
        "x-common: &common\n  user: '7'\n  environment: [A=1, B]\n"
        + "services:\n  a:\n    <<: *common\n    image: busybox\n    container_name: fixed\n    ports: ['80:80']\n"
        + "    mem_limit: 100g\n    restart: no\n    cap_drop: [ALL]\n    cap_add: [CHOWN]\n"
        + "    tmpfs: ['/run:size=64k', '/big:size=100g,mode=1777']\n"
        + "    volumes: ['./shared_data:/s', './models/net.pkl:/n:ro', data:/d, /anonymous, './new:/new']\n"
        + "volumes: {data: }\n"
    )
    assert (stack.mistakes, stack.refusals) == ((), ())
    settings = stack.services["a"].settings
    assert settings["user"] == "7"
    assert settings["restart"] == "no"
    assert settings["environment"] == {"A": "1"}
    assert settings["cap_add"] == ["CHOWN"]
    assert settings["tmpfs"] == ["/run:size=65536", "/big:mode=1777,size=134217728"]
    assert [(m.kind, m.source, m.read_only) for m in stack.services["a"].mounts] == [
        ("folder", "shared_data", False),
        ("file", "models/net.pkl", True),
        ("named", "data", False),
        ("anonymous", "a-3", False),
        ("folder", "new", False),
    ]
    assert set(stack.left_out) == {"a.container_name", "a.ports", "a.mem_limit"}
    assert "100g" not in json.dumps(dict(settings))


def test_a_missing_bind_folder_is_reported(safe):
    stack = safe(service("volumes: [{type: bind, source: ./nowhere, target: /x}]"))
    assert [mount.kind for mount in stack.services["a"].mounts] == ["missing"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$HOME", "$HOME"),
        ("${A}-$A", "1-1"),
        ("${B:-two}", "two"),
        ("${EMPTY:-two}${EMPTY-three}", "two"),
        ("${A:+yes}${B:+yes}", "yes"),
        ("${B:-${A}x}", "1x"),
        ("$B", ""),
    ],
)
def test_variables_are_interpolated_as_in_compose(text, expected):
    assert interpolate(text, {"A": "1", "EMPTY": ""}) == expected


def test_variables_of_the_host_are_not_interpolated(monkeypatch):
    monkeypatch.setenv("SECRET", "of the host")
    assert interpolate("${SECRET}", {}) == ""
    deep = "${A:-" * 30 + "}" * 30
    with pytest.raises(CannotInterpolate, match="too deep"):
        interpolate(deep, {})


def test_an_env_file_is_parsed_as_in_compose():
    assert read_env("# note\nA=1\nexport B='two'\nC=\n=x\nno sign\n") == {"A": "1", "B": "two", "C": ""}
    assert read_env('A=net.pkl  # mine\nB="<${A}>"\nC=\'open\nD=4\n') == {
        "A": "net.pkl",
        "B": "<net.pkl>",
        "D": "4",
    }


@pytest.mark.parametrize(
    ("extra", "what"),
    [
        ("gpus: all", "a: `gpus`"),
        ("runtime: nvidia", "a: `runtime`"),
        ("devices: [/dev/nvidia0, '/dev/dri:/dev/dri', /dev/kfd]", "a: `devices`"),
        ("deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1}]}}}", "a: `deploy."),
        ("deploy: {resources: {reservations: {devices: [{capabilities: [[gpu]]}]}}}", "a: `deploy."),
        ("platform: linux/s390x", "a: `platform: linux/s390x`"),
        (
            "user: '1'\nvolumes: [box:/x]\nbox: {external: true}",
            "volumes.box: `external: true`: an empty volume",
        ),
        ("user: '1'\nvolumes: [box:/x]\nbox: {external: {name: ai_system}}", "volumes.box: `external: true`"),
        (
            "user: '1'\nvolumes: [box:/x]\nbox: {driver_opts: {type: none, o: bind, device: ./shared_data}}",
            "volumes.box",
        ),
    ],
)
def test_features_that_a_machine_may_lack_have_a_stand_in(safe, extra, what):
    text, _, declared = extra.partition("\nbox: ")
    stack = safe(service(text) + (f"volumes: {{box: {declared}}}\n" if declared else ""))
    assert (stack.mistakes, stack.refusals) == ((), ())
    assert [str(one).startswith(what) for one in stack.placeholders] == [True]
    if declared:
        assert [(mount.kind, mount.source) for mount in stack.services["a"].mounts] == [("named", "box")]


def test_an_external_network_is_left_out_and_the_default_runtime_is_not_reported(safe):
    stack = safe(service("runtime: runc\nnetworks: [n]") + "networks: {n: {external: true}}\n")
    assert (stack.mistakes, stack.refusals) == ((), ())
    assert list(map(str, stack.placeholders)) == [
        "networks.n: `external: true`: the services run without a network"
    ]


def test_a_lower_case_dockerfile_is_used_if_there_is_no_other(safe, tmp_path):
    folder = tmp_path / "container3_codebase"
    (folder / "dockerfile").write_text("FROM busybox\n")
    assert safe(service("build: ./container3_codebase")).services["a"].build.dockerfile == "dockerfile"
    named = safe(service("build: {context: ./container3_codebase, dockerfile: DockerFile}"))
    assert named.services["a"].build.dockerfile == "DockerFile"
    (folder / "Dockerfile").write_text("FROM busybox\n")
    assert safe(service("build: ./container3_codebase")).services["a"].build.dockerfile == "Dockerfile"


def test_shell_variables_never_name_a_folder_of_the_host(safe):
    text = service("volumes: ['${PWD}/shared_data:/s', '$HOME/x:/x']")
    mounts = safe(text, **SHELL_VARIABLES).services["a"].mounts
    assert [(mount.kind, mount.source) for mount in mounts] == [
        ("folder", "shared_data"),
        ("elsewhere", "~/x"),
    ]


@pytest.mark.parametrize("place", ["/home/bob/shared", "/tmp/shared", "~/x", "C:\\Users\\bob", "d:/work"])
def test_an_empty_volume_replaces_a_folder_of_another_machine(safe, place):
    stack = safe(service(f"volumes: ['{place}:/x']"))
    assert (stack.mistakes, stack.refusals) == ((), ())
    (mount,) = stack.services["a"].mounts
    assert (mount.kind, mount.source, mount.target) == ("elsewhere", place, "/x")


def test_links_are_treated_as_depends_on(safe):
    stack = safe(service("links: [b, 'c:alias']") + "  b: {image: busybox}\n  c: {image: busybox}\n")
    assert stack.mistakes == ()
    assert stack.services["a"].depends_on == {"b": "service_started", "c": "service_started"}
    assert "a depends on d, but there is no such service" in safe(service("links: [d]")).mistakes[0]


@pytest.mark.slow
def test_deep_nesting_is_reported(safe):
    assert safe("a: " + "[" * 100_000).mistakes == ("docker-compose.yml: its values are nested too deeply",)


def test_too_many_services_are_refused(safe):
    text = "services:\n" + "".join(f"  s{number}: {{image: busybox}}\n" for number in range(11))
    found = safe(text)
    assert [str(one) for one in found.refusals] == ["services: `11 services` exceed the limit of 10 services"]
    assert not found.services


def test_too_many_volumes_are_not_created(tmp_path):
    mounts = tuple(Mount("named", f"v{number}", f"/v{number}", False) for number in range(17))
    stack = SafeStack({"a": SafeService("a", "busybox", None, {}, mounts, {})})
    submission = Submission("one", "one", "folder", tmp_path)
    engine = EngineSession("0", Compose(("docker", "compose"), "2"), DEFAULT_LIMITS)
    engine.image = lambda name: {}  # type: ignore[method-assign]
    with pytest.raises(CannotCheck, match="17 volumes"):
        Stack(engine, submission, stack, {"a": "busybox"}, "", "", tmp_path).check()
