"""Stage 2: build the images and test each container on its own. See `--help`."""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script("check"))
