"""All names are importable from PyBrain's modules, and importing is fast."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

import pybrain
import pybrain.structure

SHORT = """
BiasUnit BidirectionalNetwork BorderSwipingNetwork DoubleGateLayer FeedForwardNetwork FullConnection
FullNotSelfConnection GateLayer GaussianLayer IdentityConnection KohonenMap LSTMLayer LinearConnection
LinearLayer MDLSTMLayer MdrnnLayer Module ModuleMesh MotherConnection MultiplicationLayer Network
NeuronDecomposableNetwork PartialSoftmaxLayer RecurrentNetwork ReluLayer SharedConnection
SharedFullConnection SigmoidLayer SoftmaxLayer StateDependentLayer SwipingNetwork SwitchLayer Table
TanhLayer
""".split()  # noqa: SIM905, a list of one name per line is hard to read

PATHS = """
structure.modules.softsign.SoftSignLayer structure.modules.mixturedensity.MixtureDensityLayer
structure.modules.samplelayer.SampleLayer structure.modules.samplelayer.BernoulliLayer
structure.modules.neuronlayer.NeuronLayer structure.modules.svmunit.SVMUnit
structure.modules.evolinonetwork.EvolinoNetwork structure.connections.connection.Connection
structure.connections.permutation.PermutationConnection
structure.connections.subsampling.SubsamplingConnection
structure.connections.shared.SharedSubsamplingConnection structure.connections.shared.OwnershipViolation
structure.networks.convolutional.SimpleConvolutionalNetwork
structure.networks.multidimensional.MultiDimensionalRNN
structure.networks.multidimensional.MultiDimensionalLSTM structure.networks.mdrnn._Mdrnn
structure.networks.mdrnn._MultiDirectionalMdrnn structure.networks.mdrnn._AccumulatingMdrnn
structure.networks.rbm.Rbm structure.networks.custom.capturegame.CaptureGameNetwork
structure.networks.custom.convboard.ConvolutionalBoardNetwork
structure.networks.neurondecomposable.FeedForwardDecomposableNetwork
structure.networks.neurondecomposable.RecurrentDecomposableNetwork
structure.networks.network.NetworkConstructionException
structure.networks.feedforward.FeedForwardNetworkComponent
structure.networks.recurrent.RecurrentNetworkComponent structure.moduleslice.ModuleSlice
structure.modulemesh.ModuleMesh structure.parametercontainer.ParameterContainer
structure.evolvables.evolvable.Evolvable structure.evolvables.cheaplycopiable.CheaplyCopiable
structure.evolvables.maskedmodule.MaskedModule structure.evolvables.maskedparameters.MaskedParameters
structure.evolvables.topology.TopologyEvolvable tools.shortcuts.buildNetwork tools.shortcuts._buildNetwork
tools.shortcuts.NetworkError tools.customxml.networkreader.NetworkReader
tools.customxml.networkwriter.NetworkWriter tools.customxml.handling.XMLHandling
tools.customxml.handling.baseTransform tools.xml.networkreader.NetworkReader
tools.xml.networkwriter.NetworkWriter tools.xml.handling.XMLHandling tools.functions.multivariateCauchy
""".split()  # noqa: SIM905, a list of one name per line is hard to read


@pytest.mark.parametrize("name", SHORT)
def test_a_short_name_is_in_both_packages(name):
    assert getattr(pybrain, name) is getattr(pybrain.structure, name)


@pytest.mark.parametrize("path", PATHS)
def test_a_full_path_leads_to_a_class_defined_there(path):
    module, _, name = f"pybrain.{path}".rpartition(".")
    found = getattr(importlib.import_module(module), name)
    assert found.__module__ == module.replace("tools.xml", "tools.customxml")


@pytest.mark.parametrize("name", [n for n in SHORT if n != "ModuleMesh"])
def test_a_pickle_finds_a_class_where_it_was_written(name):
    cls = getattr(pybrain, name)
    assert getattr(sys.modules[cls.__module__], name) is cls


@pytest.mark.parametrize("name", ["optimization", "rl", "optimization.optimizer", "rl.agents"])
def test_a_package_that_is_not_included_raises_import_error(name):
    with pytest.raises(ImportError, match="is not part of this library yet"):
        importlib.import_module(f"pybrain.{name}")


@pytest.mark.slow
def test_importing_loads_no_large_library():
    program = (
        "import sys, numpy; before = set(sys.modules)\n"
        "import pybrain.structure\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    added = {name.split(".")[0] for name in result.stdout.split()}
    assert added <= {
        "pybrain",
        "itertools",
        "threading",
        "_thread",
        "_weakrefset",
        "re",
        "copyreg",
        "__future__",
        "heapq",
        "_heapq",
    }


def test_the_fork_has_the_same_modules():
    import pybrain3.structure.networks.feedforward as fork

    import pybrain3

    assert pybrain3.FeedForwardNetwork is pybrain.FeedForwardNetwork
    assert fork is pybrain.structure.networks.feedforward
    assert fork.__spec__.name == fork.__name__ == "pybrain.structure.networks.feedforward"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("pybrain3.structure.nothing")


def public_objects():
    """Yield (path, object) for each public class, function, method and property."""
    for path in [
        *(f"pybrain.structure.{n}" for n in SHORT),
        *(f"pybrain.{p}" for p in PATHS),
        "pybrain.utilities",
    ]:
        module, _, name = path.rpartition(".")
        obj = getattr(importlib.import_module(module), name)
        yield path, obj
        for key, member in vars(obj).items() if hasattr(obj, "__dict__") else ():
            if not key.startswith("_") and is_ours(getattr(member, "__func__", member)):
                yield f"{path}.{key}", member


def is_ours(member):
    if isinstance(member, property):
        return True
    described = inspect.isfunction(member) or inspect.isclass(member)
    return described and member.__module__.startswith("pybrain")


@pytest.mark.parametrize(("path", "obj"), [pytest.param(*pair, id=pair[0]) for pair in public_objects()])
def test_every_public_name_has_a_docstring(path, obj):
    assert (obj.__doc__ or "").strip(), f"{path} has no docstring"
