"""The HTML pages that the project writes: one self-contained file each, without scripts."""
