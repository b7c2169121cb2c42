"""The main job: prepares the files, tests each container, runs the stack, shows the prediction.

python App07.py            all three stages
python App07.py test       the whole test suite
python App07.py --help     everything else
"""

import sys

from pipeline.environment.entry_point import open_door

if __name__ == "__main__":
    sys.exit(open_door())
