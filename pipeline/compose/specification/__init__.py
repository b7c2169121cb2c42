"""Validate a compose file against the JSON schema of the compose specification.

`compose-spec.json` is the schema of https://github.com/compose-spec/compose-spec, Apache License 2.0 (`LICENSE`), as
distributed with the package check-jsonschema 0.39.0, unchanged.
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml

_SCHEMA = Path(__file__).with_name("compose-spec.json")


def schema_problems(text: str) -> list[str]:
    """Return the errors of a compose file according to the schema of the compose specification.

    Args:
        text: the content of the file.
    """
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
    problems = validator.iter_errors(yaml.safe_load(text))
    return [
        f"{'.'.join(str(part) for part in problem.path)}: {problem.message[:200]}" for problem in problems
    ]
