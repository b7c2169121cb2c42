"""Every test that the compatibility tables name exists."""

import re
from pathlib import Path

HERE = Path(__file__).parent
TABLES = (HERE.parents[1] / "docs").glob("pybrain-compatibility*.md")


def test_every_test_named_in_the_tables_exists():
    text = "\n".join(path.read_text(encoding="utf-8") for path in TABLES)
    file, checked = "", 0
    for given, test in re.findall(r"`(test_\w+\.py)?(?:::(test_\w+))?`", text):
        file = given or file
        if not file:
            continue
        source = (HERE / file).read_text(encoding="utf-8")
        assert not test or f"def {test}(" in source, f"{file} has no {test}"
        checked += bool(test)
    assert checked > 80
