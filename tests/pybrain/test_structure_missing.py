"""The error for a class that the library does not have names it, with advice."""

import pickle

import pytest

import pybrain


def test_a_pickle_of_an_unknown_module_names_it_with_advice():
    with pytest.raises(ModuleNotFoundError) as refused:
        pickle.loads(b"cpybrain.structure.modules.spiking\nSpikingLayer\n.")
    assert refused.value.name == "pybrain.structure.modules.spiking"
    assert "no module named 'pybrain.structure.modules.spiking'" in str(refused.value)
    assert "docs/pybrain-compatibility.md lists what is not" in str(refused.value)


def test_a_pickle_of_an_unknown_class_names_it():
    with pytest.raises(AttributeError, match="NoSuchLayer"):
        pickle.loads(b"cpybrain.structure.modules.linearlayer\nNoSuchLayer\n.")


def test_a_missing_name_raises_import_error():
    with pytest.raises(ImportError, match="cannot import name 'NoSuchLayer'"):
        from pybrain.structure import NoSuchLayer  # noqa: F401
    assert not hasattr(pybrain, "NoSuchLayer")
