"""Short forms of model cards: names instead of objects, ``classes`` instead of ``labels``, one name for the class."""

from __future__ import annotations

from collections.abc import Callable


def long_form(
    content: dict[str, object], outdim: int, error: Callable[[str], Exception]
) -> dict[str, object]:
    """Return the content of a card with all columns as objects, and its classes as ``labels``.

    - ``"inputs": ["a", "b"]`` gives just names, and ``"inputs": "a"`` the name of the only input; likewise ``outputs``.
    - ``"classes"`` is a synonym of ``"labels"``.
    - ``"outputs": "Species"`` of a network with an output for each class is the name of the class:
      ``"class_column": "Species"``. The outputs then have the names of the classes.

    Args:
        content: the card, as JSON gives it.
        outdim: number of outputs of the network.
        error: creates the error to raise, from a string such as ``has labels and classes``.

    Raises:
        Exception: a short form is not valid; the exception comes from ``error``.
    """
    full = dict(content)
    if "classes" in full:
        if "labels" in full:
            raise error("has labels and classes, which mean the same")
        full["labels"] = full.pop("classes")
    name = full.get("class_column", "")
    if "class_column" in full and not (isinstance(name, str) and name and name.isprintable()):
        raise error("has a class_column that is not printable text")
    _name_class(full, outdim, error)
    for key in ("inputs", "outputs"):
        if key in full:
            full[key] = _columns(full[key])
    return full


def _name_class(full: dict[str, object], outdim: int, error: Callable[[str], Exception]) -> None:
    """Use a single output name as the name of the class if there are several classes."""
    outputs, labels = full.get("outputs"), full.get("labels")
    named = outputs[0] if isinstance(outputs, list) and len(outputs) == 1 else outputs
    if not isinstance(named, str) or outdim == 1 or not isinstance(labels, list) or len(labels) != outdim:
        return
    if full.setdefault("class_column", named) != named or not (named and named.isprintable()):
        raise error("has one name of all outputs, which is not that of the class_column")
    full["outputs"] = list(labels)


def _columns(listed: object) -> object:
    """Return columns as objects; anything that is not a short form is left to the reader, which refuses it."""
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list):
        return listed
    return [{"name": item} if isinstance(item, str) else item for item in listed]
