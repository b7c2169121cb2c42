"""Stage 1: validate network and rows, and copy them to the build contexts of the images. See `--help`."""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script("prepare"))
