"""The points of a class for gradebooks, one module each: ``FILE`` is the file name, ``table`` returns the cells."""
