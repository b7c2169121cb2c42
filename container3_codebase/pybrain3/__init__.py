"""An alias for :mod:`pybrain`: the package name in pickles of the ``pybrain3`` fork.

``pybrain3.structure.x`` is ``pybrain.structure.x``, the same classes, so that files of the fork can be loaded;
saved files refer to ``pybrain``.
"""

from pybrain import *
from pybrain._alias import AliasFinder

AliasFinder("pybrain3", "pybrain").install()
