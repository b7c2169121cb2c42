"""The longer comments of docker-compose.yml, line by line."""

from __future__ import annotations

HEADER = tuple(
    """\
Three containers, one volume, one prediction:

  docker-compose up --abort-on-container-exit        (1.29.2)
  docker compose up --abort-on-container-exit        (2.x)

A plain `up` also works; with the option, the command returns the exit status of codebase.

To use another network or other rows without editing a file:
  MODEL_PATH=../elsewhere/net.pkl   a network on the host (MODEL_NAME is then its name in messages)
  MODEL_NAME=net.pkl                a network in the folder models/
  MODEL_FILE=net.pkl ... --build    a network in container2_knowledgebase/, built into the image
  DATA_PATH=../elsewhere/rows.csv   rows on the host
  INPUT_COLUMNS=a,b TARGET_COLUMNS=c   which columns of the rows to use (IGNORE_CARD_NAMES=1: in any order)
  KEEP_COLUMNS=id,name                 columns that are passed through to the prediction
  SCALE_INPUTS=x_min..x_max            scaling by arrays that the network file contains

Hardware; `python detect_hardware.py` writes suitable values to .env, which Compose reads:
  CPU_LIMIT=1.5 MEMORY_LIMIT=2g     CPUs and memory of codebase (default: all CPUs, 1g)
  CPU_THREADS=2                     inference threads (default: one per CPU)
  PLATFORM=linux/arm64              the platform of the images (default: that of the engine)
  CODE_IMAGE=host/my_codebase       another image for codebase, without its tag
To use a GPU, add the file of a hardware profile: docs/hardware-profiles.md.

No `version:` (2.x warns about it), no container_name (two checkouts must be able to run side by side), and no key
that only one of the two versions supports.
""".splitlines()
)
"""The header: how to use the file."""

DATA = tuple(
    """\
Settings of the two data services: each copies its file, becomes healthy, and runs until codebase has exited. The
option --abort-on-container-exit stops the stack when the first container exits, so codebase must exit first.
""".splitlines()
)
"""The comment on the settings of both data services."""

ROOT = tuple(
    """\
Root with three capabilities: access a folder of another user, make its owner the owner of the files, and grant
access to the group of codebase. By default, the image runs as a non-root user.
""".splitlines()
)
"""The comment on the user of the data services."""

SIGNALS = tuple(
    """\
A named pipe for each data container, by which it detects that codebase has exited. Not in shared_data, because
file sharing with a virtual machine may not support pipes, and shared_data may be read-only.
""".splitlines()
)
"""The comment on the volume with the pipes."""
