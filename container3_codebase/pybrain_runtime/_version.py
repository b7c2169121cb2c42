"""The version of the inference library, in a module of its own so that any other module may import it."""

__version__ = "0.1.0"
