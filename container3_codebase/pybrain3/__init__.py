"""The name under which the ``pybrain3`` fork pickled its networks: an alias for :mod:`pybrain`.

``pybrain3.structure.x`` is ``pybrain.structure.x``, the same classes, so that files of the fork load; what is
saved from here names ``pybrain``.
"""

from pybrain import *
from pybrain._alias import AliasFinder

AliasFinder("pybrain3", "pybrain").install()
