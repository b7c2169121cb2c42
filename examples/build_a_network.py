"""Networks, built in one line and built by hand."""

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
    """Build a network in one line, and another by hand."""
    # Two inputs, three hidden units, one output. Hidden units are sigmoid, outputs linear, and both
    # have a bias, unless something else is asked for.
    net = buildNetwork(2, 3, 1)
    print("In one line:", net)
    print("It answers", net.activate([2, 1]), "to [2, 1]; its weights are random so far.")

    print("Its hidden layer:", net["hidden0"])
    special = buildNetwork(2, 3, 2, hiddenclass=TanhLayer, outclass=SoftmaxLayer, bias=True)
    answer = special.activate([2, 1])
    print("Softmax outputs sum to one:", answer, "->", round(float(answer.sum()), 12))

    # The same by hand: modules, connections, and sortModules() at the end.
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
