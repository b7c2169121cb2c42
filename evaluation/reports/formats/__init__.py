"""The report formats, one module each: ``FILE`` is the file name, and ``export`` returns the content."""
