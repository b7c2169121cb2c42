"""The formats of a report, one module each: ``FILE`` is the name of its file, ``export`` writes its content."""
