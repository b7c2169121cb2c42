"""Prepare the files, test each container, run the stack, and show the prediction.

python App07.py            all three stages
python App07.py test       the test suite
python App07.py --help     all commands and options
"""

import sys

from pipeline.environment.entry_point import run_script

if __name__ == "__main__":
    sys.exit(run_script())
