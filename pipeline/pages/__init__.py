"""The pages that the project writes: one HTML file each, self-contained, without a program."""
