"""HTML pages, rendered from templates in which every string is escaped."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from common.pages.render import environment
from evaluation.result import show
from evaluation.sanitize import printable


def render(template: str, **values: object) -> str:
    """Return a complete HTML page.

    Args:
        template: the name of the template in ``templates/``.
        **values: the variables of the template.
    """
    return _environment().get_template(template).render(**values) + "\n"


@functools.cache
def _environment() -> Environment:
    filters: dict[str, Callable[..., object]] = {"points": show, "prose": prose, "printable": printable}
    return environment(PackageLoader("evaluation.reports"), filters)


def prose(text: str) -> Markup:
    """Return HTML in which the parts between backticks are code; everything else is escaped."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))
