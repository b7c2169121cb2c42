"""Render pages from templates in which every string is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jinja2 import BaseLoader, ChoiceLoader, Environment, PackageLoader, StrictUndefined

from pybrain_runtime.io.printable import in_one_line, printable


def environment(
    loader: BaseLoader, filters: Mapping[str, Callable[..., object]] | None = None
) -> Environment:
    """Return an environment for templates that may extend ``page.html`` and use ``style.css``.

    Args:
        loader: the loader of the caller's templates.
        filters: additional filters by name.
    """
    created = Environment(
        loader=ChoiceLoader([loader, PackageLoader("common.pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    created.filters |= {"printable": printable, "in_one_line": in_one_line, **(filters or {})}
    return created
