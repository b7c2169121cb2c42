"""Explain imports that fail in the program of codebase: a module, PyBrain, or a name of another version."""

from __future__ import annotations

import re

from evaluation.causes.explanation import Explanation
from evaluation.causes.program import FailedProgram

_MODULE = re.compile(r"No module named '?([\w.]+)'?")
# The package that provides a module of another name.
_PACKAGES = {"sklearn": "scikit-learn", "cv2": "opencv-python-headless", "yaml": "pyyaml", "PIL": "pillow"}


def explain_import(program: FailedProgram) -> Explanation | None:
    """Explain an import that fails; return None for any other error.

    Args:
        program: how the program failed.
    """
    kind = program.crash.kind if program.crash else ""
    match = _MODULE.search(program.error)
    if not match:
        return _import_name(program) if kind == "ImportError" else None
    module = match.group(1)
    name = module.partition(".")[0]
    what = f"{program.statement} fails with {program.error}."
    if name == "pybrain":
        return Explanation("pybrain-import", "codebase cannot import PyBrain", what, pybrain_hint(program))
    if module.startswith("numpy._core"):
        return Explanation(
            "numpy-version", "The network was saved with NumPy 2, and codebase has NumPy 1", what,
            f"Install the NumPy that the network was trained with in {program.code.dockerfile_path}: RUN pip "
            f"install 'numpy>=2,<3'.",
        )  # fmt: skip
    package = _PACKAGES.get(name, name)
    return Explanation(
        f"no-module-{name}", f"The module {name} is not installed in codebase", what,
        f"Install it in {program.code.dockerfile_path}, before the program is copied, with its version: RUN "
        f"pip install "
        f"{package}==VERSION. "
        "If it is your own file, COPY it beside the program.",
    )  # fmt: skip


def _import_name(program: FailedProgram) -> Explanation:
    return Explanation(
        "import-error", "An import fails in codebase", f"{program.statement} fails with {program.error}.",
        "The installed version does not have this name. PyBrain needs older versions of SciPy and NumPy: "
        f"pin them in {program.code.dockerfile_path} (RUN pip install numpy==1.24.3 scipy==1.10.1).",
    )  # fmt: skip


def pybrain_hint(program: FailedProgram) -> str:
    """Return advice for a failed import of PyBrain, based on the folder, the image and the Python path.

    Args:
        program: the program that fails.
    """
    folder = f"{program.code.folder}/pybrain"
    if not any(
        name.startswith(f"{folder}/") and name.endswith(".py") for name in program.evidence.submission.files
    ):
        return (
            f"{folder}/ contains no Python file: hand in the library itself (its folder was probably added as a git "
            "repository, of which only a pointer is stored)."
        )
    return (
        "The folder that contains the folder pybrain must be on the path: COPY pybrain /opt/pybrain/pybrain in "
        f"{program.code.dockerfile_path}, and ENV PYTHONPATH=/opt/pybrain, or sys.path.append('/opt/pybrain') "
        f"in the program."
    )
