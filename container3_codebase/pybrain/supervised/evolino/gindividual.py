"""What a population consists of."""

from copy import deepcopy


class Individual:
    """Something with a genome; compared by identity."""

    def getGenome(self):
        """Return the genome."""
        raise NotImplementedError("a kind of individual says what its genome is")

    def copy(self):
        """Return an independent copy."""
        return deepcopy(self)
