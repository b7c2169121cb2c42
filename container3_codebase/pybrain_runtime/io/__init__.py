"""Files, paths, locks and records: what every other part of the library builds on."""
