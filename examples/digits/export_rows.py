"""Write the digits that come with scikit-learn as a table: `python export_rows.py rows.csv`.

Only this program needs scikit-learn; install it into a separate environment.
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_digits


def main(path):
    """Write 1,797 rows with the 64 pixels, each 0 to 16, and the digit."""
    digits = load_digits()
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*digits.feature_names, "digit"])
        for pixels, digit in zip(digits.data, digits.target, strict=True):
            writer.writerow([*(int(value) for value in pixels), int(digit)])


if __name__ == "__main__":
    main(sys.argv[1])
