"""A consistent set of all served models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from serving.errors import NotReady, UnknownModel
from serving.models.served_model import ServedModel


class Snapshot(NamedTuple):
    """The served models at a point in time. Immutable; a reload replaces it with a new snapshot.

    Attributes:
        models: the versions of each model by name, the newest last.
        default: the name of the model for requests that name none.
        problems: the reason why a file, or its current content, is not served, by path.
        failed: the names of models without any loadable version.
        number: the number of earlier snapshots.
    """

    models: Mapping[str, tuple[ServedModel, ...]]
    default: str
    problems: Mapping[str, str]
    failed: frozenset[str]
    number: int = 0

    def find(self, name: str | None = None, version: str | int | None = None) -> ServedModel:
        """Return a version of a model.

        Args:
            name: the name of the model; None for the default model.
            version: the version; None for the newest.

        Raises:
            UnknownModel: the model or the version does not exist.
            NotReady: the model's file could not be loaded.
        """
        name = self.default if name is None else name
        versions = self.models.get(name)
        if versions is None:
            if name in self.failed or not self.models:
                raise NotReady(f"The model {_short(name)} could not be loaded; see /readyz for the reason.")
            known = ", ".join(list(self.models)[:20]) or "none"
            raise UnknownModel(f"There is no model {_short(name)}. Available models: {known}.")
        if version is None:
            return versions[-1]
        for model in versions:
            if model.version == str(version):
                return model
        known = ", ".join(model.version for model in versions[-20:])
        raise UnknownModel(
            f"The model {versions[-1].name} has no version {_short(str(version))}. Available versions: {known}."
        )


def _short(name: str) -> str:
    return ascii(name if len(name) <= 60 else name[:60] + "...")
