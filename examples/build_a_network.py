"""Build a network in one line, and another one by hand."""

from pybrain.structure import (
    BiasUnit,
    FeedForwardNetwork,
    FullConnection,
    LinearLayer,
    SigmoidLayer,
    SoftmaxLayer,
    TanhLayer,
)
from pybrain.tools.shortcuts import buildNetwork


def main():
    """Build two networks and print their structure."""
    # Two inputs, three hidden units, one output. By default, hidden units are sigmoid, outputs are linear,
    # and both have a bias.
    net = buildNetwork(2, 3, 1)
    print("In one line:", net)
    print("Its output for [2, 1]:", net.activate([2, 1]), "(the weights are still random)")

    print("Its hidden layer:", net["hidden0"])
    special = buildNetwork(2, 3, 2, hiddenclass=TanhLayer, outclass=SoftmaxLayer, bias=True)
    output = special.activate([2, 1])
    print("Softmax outputs sum to one:", output, "->", round(float(output.sum()), 12))

    # A similar network by hand: modules, connections, and sortModules() at the end.
    byHand = FeedForwardNetwork(name="by hand")
    inputs, hidden, outputs = (
        LinearLayer(2, name="in"),
        SigmoidLayer(3, name="hidden"),
        LinearLayer(1, name="out"),
    )
    bias = BiasUnit(name="bias")
    byHand.addInputModule(inputs)
    byHand.addModule(bias)
    byHand.addModule(hidden)
    byHand.addOutputModule(outputs)
    for one, other in ((inputs, hidden), (hidden, outputs), (bias, hidden), (bias, outputs)):
        byHand.addConnection(FullConnection(one, other, name=f"{one.name} to {other.name}"))
    byHand.sortModules()
    print("By hand:", byHand)

    print("Weights, one row per receiving unit:")
    for module in byHand.modulesSorted:
        for connection in byHand.connections[module]:
            print(
                f"  {connection.name}: {connection.params.reshape(connection.outdim, connection.indim).round(2)}"
            )


if __name__ == "__main__":
    main()
