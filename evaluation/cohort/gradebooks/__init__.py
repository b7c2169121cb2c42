"""The points of a class for gradebooks, one module each: ``FILE`` is the name of its file, ``table`` its cells."""
