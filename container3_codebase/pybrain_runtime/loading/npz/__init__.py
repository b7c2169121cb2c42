"""npz files of this project: arrays and a JSON description."""
