"""Check a compose file by the JSON schema of the compose specification.

`compose-spec.json` is that of https://github.com/compose-spec/compose-spec, Apache License 2.0 (`LICENSE`), as the
package check-jsonschema 0.39.0 carries it, unchanged.
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml

_SCHEMA = Path(__file__).with_name("compose-spec.json")


def schema_problems(text: str) -> list[str]:
    """Return what the schema of the compose specification refuses in a compose file.

    Args:
        text: the file.
    """
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads(_SCHEMA.read_text(encoding="utf-8")))
    problems = validator.iter_errors(yaml.safe_load(text))
    return [
        f"{'.'.join(str(part) for part in problem.path)}: {problem.message[:200]}" for problem in problems
    ]
