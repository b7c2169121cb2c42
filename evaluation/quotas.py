"""Limits on what a submission may use before it is refused or stopped."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Upper bounds of one evaluation.

    Attributes:
        files: files and folders of a submission.
        total_size: bytes of all its files.
        file_size: bytes of one file.
        depth: folders inside one another.
        ratio: how many times larger than its archive a submission may become.
        clone_seconds: for a clone.
        clone_memory: bytes of address space for git.
        build_seconds: for the build of one image.
        build_memory: bytes for one step of a build.
        build_disk: bytes that one build may write.
        build_processes: processes of one step of a build.
        alone_seconds: for a container that is run alone.
        stack_seconds: for a run of the stack.
        memory: bytes for one container.
        processes: processes and threads of one container.
        cpus: processors for one container.
        disk: bytes that a container may write outside the shared folder.
        volume: bytes of a shared folder.
        volume_files: files and folders of a shared folder.
        output: bytes that a program may print before it is stopped.
        read_memory: bytes of memory for one worker that reads something of a submission.
        read_cpu: seconds of processor time for one thing that is read.
        read_seconds: for one thing that is read, by the clock.
        read_result: bytes that a worker may answer with.
        intake_cpu: seconds of processor time for taking a submission in.
        intake_seconds: for taking a submission in, by the clock.
    """

    files: int = 20_000
    total_size: int = 512 * MIB
    file_size: int = 128 * MIB
    depth: int = 32
    ratio: int = 100
    clone_seconds: float = 120.0
    clone_memory: int = 2048 * MIB
    build_seconds: float = 600.0
    build_memory: int = 2048 * MIB
    build_disk: int = 4096 * MIB
    build_processes: int = 512
    alone_seconds: float = 60.0
    stack_seconds: float = 120.0
    memory: int = 1024 * MIB
    processes: int = 128
    cpus: float = 2.0
    disk: int = 512 * MIB
    volume: int = 256 * MIB
    volume_files: int = 20_000
    output: int = 4 * MIB
    read_memory: int = 512 * MIB
    read_cpu: int = 20
    read_seconds: float = 60.0
    read_result: int = 32 * MIB
    intake_cpu: int = 120
    intake_seconds: float = 300.0


DEFAULT_LIMITS = Limits()
