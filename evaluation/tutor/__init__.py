"""The tutor's notes: points, comments and lateness, in a file that every run reads and no run overwrites."""
