"""Advice for pickles that refer to classes of the program that saved them, or of a package that is not PyBrain."""

from __future__ import annotations

import sys

_PYBRAIN = ("pybrain", "pybrain3", "numpy", "scipy")
_PYTHON2 = ("__builtin__", "commands", "cPickle", "copy_reg", "exceptions", "popen2", "urllib2")


def saving_hint(module: str, name: str) -> str:
    """Return how to save a network so that its file does not refer to a class; empty if that would not help.

    Modules of Python itself are excluded: a file that refers to ``os.system`` holds no network.

    Args:
        module: the module of the class.
        name: the name of the class.
    """
    package = module.partition(".")[0]
    if package in sys.stdlib_module_names - {"__main__"} or package in _PYBRAIN or package in _PYTHON2:
        return ""
    if not name.isidentifier() or not name.isascii() or len(name) > 60:
        return ""
    whose = "the program that saved the file" if package == "__main__" else f"the module {package}"
    if not package.isidentifier() or not package.isascii() or len(package) > 60:
        return ""
    return (
        f"{name} is a class of {whose}, whose code is not in the file. Load and save the network again in that "
        "program. If the object has the network as an attribute: pickle.dump(my_object.net, file). If the class is "
        "derived from FeedForwardNetwork (or RecurrentNetwork) and computes nothing itself: net.__class__ = "
        "FeedForwardNetwork; pickle.dump(net, file)."
    )
