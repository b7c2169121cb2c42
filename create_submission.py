"""Write Task06_Submission.zip with exactly the files of the checklist, and evaluate it. See `--help`."""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script("submit"))
