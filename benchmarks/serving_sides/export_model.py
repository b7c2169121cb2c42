"""Write a network as an MLflow model, in an environment that has MLflow.

python export_model.py FOLDER KNOWLEDGE CARD
"""

from __future__ import annotations

import sys
from pathlib import Path

from training.tracking.model import write_model

if __name__ == "__main__":
    folder, knowledge, card = map(Path, sys.argv[1:])
    folder.mkdir()
    write_model(folder, knowledge.read_bytes(), card.read_bytes())
