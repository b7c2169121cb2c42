"""Stage 1: validates network and rows and puts them where the images are built from. See `--help`."""

import sys

from pipeline.environment.entry_point import open_door

if __name__ == "__main__":
    sys.exit(open_door("prepare"))
