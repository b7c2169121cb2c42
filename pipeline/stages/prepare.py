"""Stage 1: validate the selected network and rows, and copy them for the later stages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common import atomic_files
from common.errors import PipelineError
from common.project import ACTIVATION_FILE, CARD_FILE, CODE_FILE, KNOWLEDGE_FILE, Layout
from pipeline.prepared_files import Prepared, PreparedRows, Selection
from pipeline.stages.selection import nested, scaled
from pybrain_runtime import ActivationStream, Knowledge, load_knowledge
from pybrain_runtime.network.model_card import card_path
from pybrain_runtime.tables.formats.registry import format_named

RECORD = "prepared.json"


@dataclass(frozen=True)
class Change:
    """A file that was written, or was already up to date.

    Attributes:
        path: the file.
        written: whether the content of the file has changed.
        kept: the copy of the replaced file; None if no file was replaced.
    """

    path: Path
    written: bool
    kept: Path | None = None


def card_beside(model: Path) -> Path | None:
    """Return the model card of a network, NAME.card.json beside NAME.pkl or NAME.pkl.gz; None if there is none."""
    card = Path(card_path(str(model)))
    return card if card.is_file() else None


def prepare(
    layout: Layout,
    selection: Selection,
    *,
    input_columns: list[str] | None = None,
    target_columns: list[str] | None = None,
    keep: Sequence[str] = (),
    ignore_card_names: bool = False,
    environment: Mapping[str, str] | None = None,
) -> tuple[Prepared, list[Change]]:
    """Validate the selected files and copy them to ``output/stage1_prepare_files``.

    Args:
        layout: the checkout.
        selection: the selected files.
        input_columns: the names of the input columns; None to derive them.
        target_columns: the names of the columns with expected outputs, or of the column with the class as text; None
            to derive them.
        keep: the names of the columns that are passed through to the prediction.
        ignore_card_names: whether columns are used by position, regardless of the names in the model card.
        environment: the variables ``SCALE_INPUTS``, ``SCALE_OUTPUTS`` and ``LEGACY_NESTING``; None if none is set.

    Returns:
        The prepared files, and the written files.

    Raises:
        PipelineError: a file is missing, not readable, unsafe, not a network, or does not match the network; nothing
            has been written.
    """
    knowledge = load_knowledge(selection.model)
    environment = environment or {}
    scaling = nested(scaled(knowledge, environment), environment)
    with ActivationStream(
        selection.data,
        knowledge,
        input_columns=input_columns,
        target_columns=target_columns,
        ignore_card_names=ignore_card_names,
        keep=keep,
        compare_classes=True,
    ) as activation:
        rows = _read(activation, knowledge)
    stage = atomic_files.make_folder(layout.stage1)
    card = card_beside(selection.model)
    changes = _copy(layout, selection, card, stage)
    staged_card = stage / CARD_FILE if card else None
    _check_copies(stage, knowledge, rows)
    _check_card(staged_card, knowledge)
    atomic_files.write_json(stage / RECORD, _record(layout, selection, scaling, rows))
    return Prepared(selection, knowledge, rows, stage, staged_card, scaling), changes


def _copy(layout: Layout, selection: Selection, card: Path | None, stage: Path) -> list[Change]:
    """Copy the selected files and the program; the model card of an earlier selection is removed."""
    sources = {
        ACTIVATION_FILE: selection.data,
        KNOWLEDGE_FILE: selection.model,
        CODE_FILE: layout.code,
    }
    if card:
        sources[CARD_FILE] = card
    changes = [
        Change(stage / name, atomic_files.copy_if_changed(source, stage / name))
        for name, source in sources.items()
    ]
    if not card:
        atomic_files.remove(stage / CARD_FILE)
    return changes


def _read(activation: ActivationStream, knowledge: Knowledge) -> PreparedRows:
    """Read all rows, and predict the first one."""
    parts = iter(activation)
    first, _ = next(parts)
    prediction = knowledge.session(threads=1).activate(first[:1])
    for _ in parts:
        pass
    return PreparedRows(
        activation.rows,
        activation.file.sha256,
        activation.columns,
        first[0].copy(),
        prediction[0],
        format_named(activation.kind).needs_pyarrow,
    )


def put_into_contexts(layout: Layout, prepared: Prepared) -> list[Change]:
    """Copy the prepared files to the build contexts of the images.

    Replaced files are kept in ``output/stage1_prepare_files/replaced``, where a network and its model card have the
    same name, so that the card is found with the network.

    Args:
        layout: the checkout.
        prepared: the files that `prepare` has prepared.

    Returns:
        The written files.
    """
    own_card = layout.own_knowledge.with_name(CARD_FILE)
    targets = {
        layout.own_activation: prepared.data,
        layout.own_knowledge: prepared.model,
        own_card: prepared.card,
    }
    backups: dict[Path, Path] = {}
    for together in ([layout.own_activation], [layout.own_knowledge, own_card]):
        if not all(_is_current(targets[path], path) for path in together):
            backups |= _keep(layout, [path for path in together if path.exists()])
    changes = [
        _replace(prepared.data, layout.own_activation, backups),
        _replace(prepared.model, layout.own_knowledge, backups),
    ]
    _check_copies(prepared.folder, prepared.knowledge, prepared.rows)
    if prepared.card:
        changes.append(_replace(prepared.card, own_card, backups))
    elif own_card.exists():
        changes.append(Change(own_card, True, backups[own_card]))
        atomic_files.remove(own_card)
    return changes


def _is_current(source: Path | None, target: Path) -> bool:
    """Return whether a target has the content of its source, or neither exists."""
    return atomic_files.same_content(source, target) if source else not target.exists()


def _replace(source: Path, target: Path, backups: Mapping[Path, Path]) -> Change:
    if atomic_files.same_content(source, target):
        return Change(target, False)
    atomic_files.copy_if_changed(source, target)
    return Change(target, True, backups.get(target))


def _keep(layout: Layout, paths: Sequence[Path]) -> dict[Path, Path]:
    """Copy files that belong together under a common name, and return the copies by original."""
    digests = [atomic_files.sha256_of(path) for path in paths]
    version = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    backups = {}
    for path in paths:
        name, _, extension = path.name.partition(".")
        backups[path] = layout.stage1 / "replaced" / f"{name}-{version[:8]}.{extension}"
        atomic_files.copy_if_changed(path, backups[path])
    return backups


def _check_copies(stage: Path, knowledge: Knowledge, rows: PreparedRows) -> None:
    """Check that the sources did not change between validation and copying."""
    for name, validated in ((KNOWLEDGE_FILE, knowledge.sha256), (ACTIVATION_FILE, rows.sha256)):
        if atomic_files.sha256_of(stage / name) != validated:
            raise PipelineError(
                f"{name} changed between validation and copying",
                hint="Try again when the file is complete.",
            )


def _check_card(copy: Path | None, knowledge: Knowledge) -> None:
    """Check that the copied model card is the one that the network was loaded with."""
    read_with = knowledge.card.sha256 if knowledge.card else ""
    if (atomic_files.sha256_of(copy) if copy else "") != read_with:
        raise PipelineError(
            f"{CARD_FILE} changed between validation and copying",
            hint="Try again when the file is complete.",
        )


def _record(
    layout: Layout, selection: Selection, knowledge: Knowledge, rows: PreparedRows
) -> dict[str, object]:
    unused = knowledge.unused_scaling
    return {
        "knowledge": {
            "from": layout.shown(selection.model),
            "chosen_by": selection.model_from,
            "network": knowledge.kind,
            "inputs": knowledge.indim,
            "outputs": knowledge.outdim,
            "parameters": knowledge.parameter_count,
            "scaling": knowledge.scaling,
            "scaling_not_used": unused.as_report() if unused else None,
            "sha256": knowledge.sha256,
        },
        "activation": {
            "from": layout.shown(selection.data),
            "chosen_by": selection.data_from,
            "rows": rows.count,
            "columns_used": rows.columns.as_report(),
            "sha256": rows.sha256,
        },
    }
