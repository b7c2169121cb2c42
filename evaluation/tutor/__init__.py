"""The notes of a tutor: points, comments and lateness, in a file that every run reads and none writes over."""
