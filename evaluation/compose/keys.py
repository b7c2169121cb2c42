"""The keys of a compose file: copied, checked, ignored, or refused by an evaluation."""

from __future__ import annotations

# Copied as they are, after interpolation.
COPIED = frozenset(
    [
        "command",
        "entrypoint",
        "working_dir",
        "user",
        "healthcheck",
        "init",
        "tty",
        "stdin_open",
        "stop_signal",
        "read_only",
        "hostname",
        "profiles",
        "group_add",
        "restart",
    ]
)

# Checked one by one in `make_safe`.
CHECKED = frozenset(
    [
        "image",
        "build",
        "volumes",
        "environment",
        "env_file",
        "depends_on",
        "tmpfs",
        "cap_add",
        "cap_drop",
        "security_opt",
        "network_mode",
        "privileged",
        "pid",
        "ipc",
        "uts",
        "userns_mode",
        "cgroup",
        "deploy",
    ]
)

# Ignored: the evaluation sets resources, networks and names itself, for every submission alike.
IGNORED = frozenset(
    [
        "container_name",
        "ports",
        "expose",
        "networks",
        "links",
        "labels",
        "annotations",
        "logging",
        "attach",
        "dns",
        "dns_opt",
        "dns_search",
        "extra_hosts",
        "domainname",
        "mac_address",
        "mem_limit",
        "mem_reservation",
        "mem_swappiness",
        "memswap_limit",
        "cpus",
        "cpu_count",
        "cpu_percent",
        "cpu_shares",
        "cpu_period",
        "cpu_quota",
        "cpu_rt_period",
        "cpu_rt_runtime",
        "cpuset",
        "pids_limit",
        "ulimits",
        "shm_size",
        "blkio_config",
        "oom_score_adj",
        "oom_kill_disable",
        "platform",
        "pull_policy",
        "scale",
        "stop_grace_period",
        "storage_opt",
        "isolation",
        "develop",
        "post_start",
        "pre_stop",
    ]
)

# Refused, each with its reason.
REFUSED = {
    "devices": "gives the container a device of the host",
    "device_cgroup_rules": "gives the container access to devices of the host",
    "cgroup_parent": "moves the container outside the limits of the evaluation",
    "gpus": "requests a GPU",
    "runtime": "requests another container runtime of the host",
    "sysctls": "changes kernel parameters",
    "volumes_from": "mounts the volumes of other containers",
    "external_links": "links containers that are not part of the submission",
    "credential_spec": "requests credentials of the host",
    "use_api_socket": "gives the container the engine's socket",
    "extends": "loads its content from another file; write it into this file",
    "secrets": "mounts secrets of the host; the task needs none",
    "configs": "mounts files by other means than a volume; use a volume",
    "provider": "runs a program on the host",
    "models": "requests an AI model of the host",
}

KNOWN = COPIED | CHECKED | IGNORED | frozenset(REFUSED)
KNOWN_AT_THE_TOP = frozenset(
    ["version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models"]
)

# Keys that can join a namespace of the host or of another container.
NAMESPACES = ("pid", "ipc", "uts", "userns_mode", "cgroup", "network_mode")

# The capabilities that a container keeps: enough to copy files, change owners and change users.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")
