"""Entry point: ``python -m training create|refine|evaluate|tune [options]``, also in the container."""

import os
import sys

if __name__ == "__main__":
    # Before NumPy is imported: with several threads, sums and thus the last bits depend on the number of cores.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    from training.program import main

    sys.exit(main(sys.argv[1:], os.environ))
