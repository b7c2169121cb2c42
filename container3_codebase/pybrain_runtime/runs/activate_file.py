"""From a file of any size to a prediction of any size: read, answered and written part by part.

    outcome = activate_file(load_knowledge("net.pkl"), "rows.csv", "prediction.csv")

Parts are cut where the file says, not where threads happen to be, and a part is answered as a whole. So the
prediction is the same, byte for byte, with any number of threads, with pyarrow or without, and whether the
run went through at once or was broken off and continued.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from pybrain_runtime._io.output_paths import check_outputs, check_report_target, check_target, report_path
from pybrain_runtime.activation import ActivationStream
from pybrain_runtime.engine.threads import checked_threads
from pybrain_runtime.knowledge import Knowledge
from pybrain_runtime.runs.checkpoint import checkpoint_path
from pybrain_runtime.runs.file_run import FileRun
from pybrain_runtime.runs.partial_output import partial_path
from pybrain_runtime.runs.records import Outcome, Progress, StreamOptions
from pybrain_runtime.runs.rejected_rows import check_rejected_rows_target, rejected_rows_path


def activate_file(
    knowledge: Knowledge,
    data: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: StreamOptions | None = None,
    *,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Answers a file, in bounded memory.

    Args:
        knowledge: the network.
        data: the rows: CSV, TSV or JSON lines, each also packed with gzip, or Parquet; ``-`` for standard input.
        output: the prediction: Parquet where it ends in ``.parquet``, JSON lines where it ends in ``.jsonl``,
            else CSV. The report stands beside it, with the ending ``.json``.
        options: how; None takes the defaults.
        on_progress: is told after each part.

    Returns:
        What was made. Before the end nothing stands under the name of the output.

    Raises:
        PipelineError: a file is missing or wrong, or cannot be written. What had been written is removed; with
            ``resume`` it is kept, and the next run goes on with it.
        CannotResume: the run that broke off was another one.
    """
    started = time.time()
    options = options or StreamOptions()
    checked_threads(options.threads)
    path = os.fspath(output)
    _check_places(path, (knowledge.path, knowledge.card_path, os.fspath(data)), options)
    with ActivationStream(
        data,
        knowledge,
        input_columns=options.input_columns,
        target_columns=options.target_columns,
        ignore_card_names=options.ignore_card_names,
        skip=options.skip,
        fast=options.fast,
    ) as activation:
        return FileRun(knowledge, activation, path, options, started, on_progress).run()


def _check_places(output: str, read: tuple[str, ...], options: StreamOptions) -> None:
    """Makes sure, before anything is opened for writing, that nothing is lost by it."""
    written = [output, report_path(output), partial_path(output), checkpoint_path(output)]
    if options.skip:
        written += [rejected_rows_path(output), partial_path(rejected_rows_path(output))]
    check_outputs(written, read)
    for path in written:
        check_target(path)
    check_report_target(report_path(output))
    if options.skip:
        check_rejected_rows_target(rejected_rows_path(output))
