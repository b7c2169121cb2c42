"""The pages of reports: rendered from templates in which every text is escaped."""

from __future__ import annotations

import functools
import re

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from evaluation.result import show
from evaluation.sanitize import printable
from pybrain_runtime._io.printable import in_one_line


def render(template: str, **values: object) -> str:
    """Return a whole page.

    Args:
        template: name of the template in ``templates/``.
        **values: what the template shows.
    """
    return _environment().get_template(template).render(**values) + "\n"


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("evaluation.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "points": show, "prose": prose, "printable": printable, "in_one_line": in_one_line,
    }  # fmt: skip
    return environment


def prose(text: str) -> Markup:
    """Return a text with the parts between backticks as code; everything else is escaped."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))
