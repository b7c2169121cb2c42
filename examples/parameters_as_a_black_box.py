"""Parameters as one vector: read and set them, and optimize them without gradients."""

import numpy as np

from pybrain.structure import TanhLayer
from pybrain.tools.shortcuts import buildNetwork


def main():
    """Read and set all parameters of a network as one vector, and train it by hill climbing."""
    np.random.seed(5)
    net = buildNetwork(1, 3, 1, hiddenclass=TanhLayer)
    print(f"{net.paramdim} parameters in one vector:", net.params.round(2))

    weights = net.connections[net["in"]][0].params
    weights[:] = [1, 2, 3]
    print("Set in a connection, visible in the vector:", sorted(set(net.params) & {1.0, 2.0, 3.0}))
    net.params[:] = 0.1
    print("Set in the vector, visible in the connection:", weights)
    try:
        net._setParameters([1, 2, 3])
    except ValueError as error:
        print("The wrong number of parameters:", error)

    # An optimizer that only evaluates parameters, without gradients, can also train a network.
    inputs = np.linspace(-1, 1, 9).reshape(-1, 1)

    def squaredError(net):
        return float(np.mean((net.activateRows(inputs) - inputs**2) ** 2))

    best = net
    best.randomize()
    error = first = squaredError(best)
    for _ in range(1500):
        child = best.copy()
        child.mutate()
        childError = squaredError(child)
        if childError < error:
            best, error = child, childError
    print(f"Hill climbing: squared error {first:.3f} initially, {error:.4f} after 1500 trials")
    print("x^2 at 0.5:", best.activate([0.5]).round(2))


if __name__ == "__main__":
    main()
