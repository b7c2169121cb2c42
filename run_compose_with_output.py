"""Stage 3: run the stack, show and keep its output. See `--help`."""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script("compose"))
