"""The longer comments of docker-compose.yml, in lines as they stand in the file."""

from __future__ import annotations

HEADER = tuple(
    """\
Three containers, one volume, one prediction:

  docker-compose up --abort-on-container-exit        (1.29.2)
  docker compose up --abort-on-container-exit        (2.x)

A plain `up` works as well; with the option, the exit status of codebase is that of the command.

Another network or other rows, without editing a file:
  MODEL_PATH=../elsewhere/net.pkl   a network on the host (with MODEL_NAME as its label in messages)
  MODEL_NAME=net.pkl                a network in the folder models/
  MODEL_FILE=net.pkl ... --build    a network in container2_knowledgebase/, built into the image
  DATA_PATH=../elsewhere/rows.csv   rows on the host
  INPUT_COLUMNS=a,b TARGET_COLUMNS=c   which columns of the rows to use (IGNORE_CARD_NAMES=1: in any order)
  KEEP_COLUMNS=id,name                 columns that are passed through to the prediction
  SCALE_INPUTS=x_min..x_max            scaling by arrays stored with the network in its file

The hardware; `python detect_hardware.py` writes what fits it to .env, which Compose reads:
  CPU_LIMIT=1.5 MEMORY_LIMIT=2g     processors and memory of codebase (unset: all processors, 1g)
  CPU_THREADS=2                     threads of inference (unset: one for each processor)
  PLATFORM=linux/arm64              the platform of the images (unset: that of the engine)
  CODE_IMAGE=host/my_codebase       another image for codebase, without its tag
A GPU is added by the file of a profile: docs/hardware-profiles.md.

No `version:` (2.x warns), no container_name (two checkouts must be able to run side by side), and no key that only
one of the two generations supports.
""".splitlines()
)
"""How the file is used."""

DATA = tuple(
    """\
Settings of the two data services: they copy their file, become healthy, and run until codebase has ended. The option
--abort-on-container-exit stops the stack when the first container exits, so codebase must exit first.
""".splitlines()
)
"""Of the settings of both data services."""

ROOT = tuple(
    """\
Root with three capabilities: enter a folder of another user, give the files to its owner, and grant access to the
group of codebase. The image itself runs without root.
""".splitlines()
)
"""Of the user of the data services."""

SIGNALS = tuple(
    """\
A named pipe for each data container, by which it detects that codebase has ended. Not in shared_data, because
file sharing with a virtual machine may not support pipes, and shared_data may be read-only.
""".splitlines()
)
"""Of the volume with the pipes."""
