"""A challenge program that only a real Python with a real PyBrain can solve; its numbers are random.

It runs in the codebase container, as the tutor's own command does. Its expected output is computed by this module,
without running the program.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

_ALIKE = 1e-6


@dataclass(frozen=True)
class Challenge:
    """A challenge and its solution.

    Attributes:
        program: the program, for ``python3 -c``.
        mark: the word at the beginning of each line of its output.
        words: the results of the Python expressions, which follow the mark.
        number: the network's output, at the end of the last line.
    """

    program: str
    mark: str
    words: tuple[str, ...]
    number: float

    def has_language_results(self, output: str) -> bool:
        """Return whether an output contains the results of the Python expressions."""
        return self._line(output)[: len(self.words)] == list(self.words)

    def has_network_output(self, output: str) -> bool:
        """Return whether an output contains the network's output."""
        values = self._line(output)[len(self.words) :]
        try:
            return len(values) == 1 and abs(float(values[0]) - self.number) <= _ALIKE
        except ValueError:
            return False

    def _line(self, output: str) -> list[str]:
        lines = [line.split()[1:] for line in output.splitlines() if line.startswith(f"{self.mark} ")]
        return lines[-1] if lines else []


def make_challenge(seed: int) -> Challenge:
    """Create a challenge.

    Args:
        seed: seed of its random numbers; it must be unpredictable.
    """
    rng = random.Random(seed)
    mark = f"m{rng.getrandbits(48):x}"
    puzzles = [make_puzzle(rng) for make_puzzle in rng.sample(_PUZZLES, len(_PUZZLES))]
    network, output = _network(rng)
    program = "\n".join(
        [
            "import hashlib, sys",
            *(f"r{index} = {text}" for index, (text, _) in enumerate(puzzles)),
            f"print('{mark}', *[{', '.join(f'r{index}' for index in range(len(puzzles)))}], flush=True)",
            *network,
            f"print('{mark}', *[{', '.join(f'r{index}' for index in range(len(puzzles)))}], '%.9f' % a[0])",
        ]
    )
    return Challenge(program, mark, tuple(value for _, value in puzzles), output)


def _power(rng: random.Random) -> tuple[str, str]:
    base, exponent, modulus = (rng.getrandbits(180) | 1 for _ in range(3))
    return f"pow({base}, {exponent}, {modulus})", str(pow(base, exponent, modulus))


def _digest(rng: random.Random) -> tuple[str, str]:
    first, step = rng.randint(10, 99), rng.randint(3, 9)
    text = f"hashlib.sha256(repr([x ** 3 for x in range({first}, {first + 60}, {step}) if x % 7]).encode()).hexdigest()"
    value = repr([x**3 for x in range(first, first + 60, step) if x % 7])
    return text, hashlib.sha256(value.encode()).hexdigest()


def _order(rng: random.Random) -> tuple[str, str]:
    words = ["".join(rng.choices("abcdefgh", k=5)) for _ in range(12)]
    text = f"'-'.join(sorted({words!r}, key=lambda w: (w[::-1], w))[::2])"
    return text, "-".join(sorted(words, key=lambda w: (w[::-1], w))[::2])


def _recursion(rng: random.Random) -> tuple[str, str]:
    depth, modulus = rng.randint(40, 90), rng.getrandbits(61) | 1
    text = f"(lambda f: f(f, {depth}))(lambda f, n: 1 if n < 2 else n * f(f, n - 1)) % {modulus}"
    return text, str(math.factorial(depth) % modulus)


_PUZZLES: tuple[Callable[[random.Random], tuple[str, str]], ...] = (_power, _digest, _order, _recursion)


def _network(rng: random.Random) -> tuple[list[str], float]:
    """Return the lines that build and activate a network, and its output."""
    inputs, hidden_size = rng.randint(2, 4), rng.randint(2, 5)
    input_weights = [[round(rng.uniform(-2, 2), 4) for _ in range(inputs)] for _ in range(hidden_size)]
    output_weights = [round(rng.uniform(-2, 2), 4) for _ in range(hidden_size)]
    row = [round(rng.uniform(-2, 2), 4) for _ in range(inputs)]
    sums = [sum(w * x for w, x in zip(weights, row, strict=True)) for weights in input_weights]
    output = sum(w / (1 + math.exp(-s)) for w, s in zip(output_weights, sums, strict=True))
    flat = [weight for weights in input_weights for weight in weights]
    return [
        "sys.path.append('/opt/pybrain')",
        "from pybrain.structure import FeedForwardNetwork, FullConnection, LinearLayer, SigmoidLayer",
        "n = FeedForwardNetwork()",
        f"i, h, o = LinearLayer({inputs}), SigmoidLayer({hidden_size}), LinearLayer(1)",
        "n.addInputModule(i); n.addModule(h); n.addOutputModule(o)",
        "c, d = FullConnection(i, h), FullConnection(h, o)",
        "n.addConnection(c); n.addConnection(d); n.sortModules()",
        f"c.params[:] = {flat}",
        f"d.params[:] = {output_weights}",
        f"a = n.activate({row})",
    ], output
