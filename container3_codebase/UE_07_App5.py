#!/usr/bin/env python3
"""Run a trained network (the knowledge) on rows of numbers (the activation) and write its outputs (the prediction).

    knowledge  (currentSolution.pkl)  --+
                                        +--> inference --> prediction.csv, prediction.json
    activation (activation_data.csv)  --+

Environment variables set the paths (MODEL_PATH, DATA_PATH, OUTPUT_PATH), columns (INPUT_COLUMNS, TARGET_COLUMNS,
KEEP_COLUMNS, IGNORE_CARD_NAMES), scaling (SCALE_INPUTS, SCALE_OUTPUTS), PyBrain's nesting (LEGACY_NESTING), threads
(CPU_THREADS) and device (COMPUTE_DEVICE). Their defaults fit the containers.
Exit status: 0 done, 2 wrong usage, 65 bad data, 66 input missing, 70 internal error, 73 cannot write.
"""

import gc
import sys

gc.disable()  # imports create objects that stay; run_program() enables the garbage collector when they are done

from pybrain_runtime import ActivationStream, load_knowledge, open_prediction
from pybrain_runtime.container.console_report import ConsoleReport
from pybrain_runtime.container.program import run_program
from pybrain_runtime.container.settings import Settings


def main(settings: Settings, report: ConsoleReport) -> None:
    """Load the network, read the rows, and write the prediction.

    Args:
        settings: paths, columns, scaling, threads and device of the run.
        report: prints the steps of the run.
    """
    # 1. The knowledge: a network that PyBrain trained. The file is parsed, never executed.
    knowledge = load_knowledge(settings.model)
    if settings.scale_inputs or settings.scale_outputs:
        knowledge = knowledge.scaled_by(inputs=settings.scale_inputs, outputs=settings.scale_outputs)
    if settings.legacy_nesting:
        knowledge = knowledge.with_legacy_nesting()
    report.loaded(knowledge)

    # 2. The activation: rows with one number per input of the network.
    activation = ActivationStream(
        settings.data,
        knowledge,
        input_columns=settings.input_columns,
        target_columns=settings.target_columns,
        keep=settings.keep,
        ignore_card_names=settings.ignore_card_names,
        compare_classes=True,
    )

    # 3. The prediction: inputs and outputs in one table, and a report of the run with the hashes of its files.
    with (
        activation,
        open_prediction(
            settings.output, knowledge, activation, started=report.started, stale_images=report.stale_images
        ) as prediction,
    ):
        # 4. Inference, batch by batch, so that the file may have any size. The model card says how inputs are scaled.
        session = knowledge.session(threads=settings.threads, device=settings.device)
        for batch in session.batches(activation.batches()):
            outputs = session.activate(batch.inputs)
            prediction.write(batch.inputs, outputs, batch.targets, labels=batch.labels, kept=batch.kept)
        report.read(activation)
        report.computed(session)
        settings.check_inputs(knowledge, activation.file.sha256)
        report.wrote(prediction.commit(computed=session.note))


if __name__ == "__main__":
    sys.exit(run_program(main))
