"""Evolino: the hidden layer of a recurrent network evolves, its output weights are computed.

Source: Schmidhuber, Wierstra, Gagliolo and Gomez 2007, Training recurrent networks by Evolino.
Each hidden neuron's weights are a chromosome with its own population, as in enforced
subpopulations (Gomez and Miikkulainen 1999).
"""
