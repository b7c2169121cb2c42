"""Stage 2: builds the images and looks at each container alone, as a tutor would. See `--help`."""

import sys

from pipeline.environment.entry_point import open_door

if __name__ == "__main__":
    sys.exit(open_door("check"))
