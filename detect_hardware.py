"""Detect processors, memory and accelerators, and write the variables that fit them to .env. See `--help`."""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script("hardware"))
