"""What the keys of a compose file come to in an evaluation: taken over, set by us, left out, or refused."""

from __future__ import annotations

# Taken over as they are (after variables are put in).
TAKEN_OVER = frozenset(
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

# Looked at one by one in `safestack`.
LOOKED_AT = frozenset(
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

# They say how much, where or how; the evaluation says that itself, for every submission alike.
LEFT_OUT = frozenset(
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

# Not run with these, each for its reason.
REFUSED = {
    "devices": "hands a device of the host into the container",
    "device_cgroup_rules": "opens devices of the host to the container",
    "cgroup_parent": "moves the container out of the limits of the evaluation",
    "gpus": "asks for a GPU; the evaluation has none",
    "runtime": "asks for a runtime of the host's own",
    "sysctls": "changes settings of the kernel",
    "volumes_from": "takes over the volumes of other containers",
    "external_links": "reaches for containers that are not part of the submission",
    "credential_spec": "asks for credentials of the host",
    "use_api_socket": "hands the engine's socket into the container",
    "extends": "takes its content from elsewhere; write the service out",
    "secrets": "hands in secrets of the host; nothing here needs one",
    "configs": "hands in files by another way than a volume; use a volume",
    "provider": "runs a program on the host",
    "models": "asks for a model of the host's own",
}

KNOWN = TAKEN_OVER | LOOKED_AT | LEFT_OUT | frozenset(REFUSED)
KNOWN_AT_THE_TOP = frozenset(
    ["version", "name", "services", "networks", "volumes", "configs", "secrets", "include", "models"]
)

# Namespaces of the host, and of other containers.
NAMESPACES = ("pid", "ipc", "uts", "userns_mode", "cgroup", "network_mode")

# What a container keeps of root's rights: enough to copy files, change owners and change users.
RIGHTS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID")
