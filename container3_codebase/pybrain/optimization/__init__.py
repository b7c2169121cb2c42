"""Black-box optimization: not part of this library yet."""

raise ImportError(
    "pybrain.optimization is not part of this library yet. To optimize a network, read and write net.params "
    "with an optimizer of your choice; to train it, use pybrain.supervised.trainers."
)
