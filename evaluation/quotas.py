"""Limits on the resources that a submission may use before it is refused or stopped."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Resource limits of one evaluation.

    Attributes:
        files: number of files and folders in a submission.
        total_size: total size of its files in bytes.
        file_size: size of one file in bytes.
        depth: depth of nested folders.
        ratio: factor by which an unpacked submission may exceed the size of its archive.
        clone_seconds: time for a clone, in seconds.
        clone_memory: address space for git, in bytes.
        build_seconds: time for building one image, in seconds.
        build_memory: memory for one build step, in bytes.
        build_disk: bytes that one build may write.
        build_processes: number of processes of one build step.
        alone_seconds: time for a container that is run alone, in seconds.
        stack_seconds: time for a run of the stack, in seconds.
        memory: memory of one container, in bytes.
        processes: number of processes and threads of one container.
        cpus: number of CPUs for one container.
        disk: bytes that a container may write outside the shared folder.
        volume: size of a shared folder in bytes.
        volume_files: number of files and folders in a shared folder.
        output: bytes that a program may print before it is stopped.
        read_memory: memory of one worker that reads input of a submission, in bytes.
        read_cpu: processor time for reading one input, in seconds.
        read_seconds: wall-clock time for reading one input, in seconds.
        read_result: size of a worker's response in bytes.
        intake_cpu: processor time for the intake of a submission, in seconds.
        intake_seconds: wall-clock time for the intake of a submission, in seconds.
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
