"""Stage 3: runs the stack with its output shown and kept. See `--help`."""

import sys

from pipeline.environment.entry_point import open_door

if __name__ == "__main__":
    sys.exit(open_door("compose"))
