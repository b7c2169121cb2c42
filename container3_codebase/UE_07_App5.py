#!/usr/bin/env python3
"""The activation: a trained network (the knowledge) answers rows of numbers, and the answers are written.

    knowledge  (currentSolution.pkl)  --+
                                        +--> answers --> prediction.csv, prediction.json
    activation (activation_data.csv)  --+

Where the files are is told by the environment: MODEL_PATH, DATA_PATH, OUTPUT_PATH; which columns of the
table to take, by INPUT_COLUMNS, TARGET_COLUMNS and IGNORE_CARD_NAMES; scaling by what lies beside the network
in its file, by SCALE_INPUTS and SCALE_OUTPUTS. All have defaults that fit the containers.

Exit status: 0 done, 2 wrong usage, 65 bad data, 66 input missing, 73 cannot write.
"""

import sys
import time

from pybrain_runtime import ActivationStream, load_knowledge, open_prediction
from pybrain_runtime.container.report import Report, run_program
from pybrain_runtime.container.settings import Settings


def main(settings: Settings, report: Report) -> None:
    started = time.time()

    # 1. The knowledge: a network that PyBrain trained. The file is read, never executed.
    knowledge = load_knowledge(settings.model)
    if settings.scale_inputs or settings.scale_outputs:
        knowledge = knowledge.scaled_by(inputs=settings.scale_inputs, outputs=settings.scale_outputs)
    report.loaded(knowledge)

    # 2. The activation: the rows to answer, one number for each input of the network.
    activation = ActivationStream(
        settings.data,
        knowledge,
        input_columns=settings.input_columns,
        target_columns=settings.target_columns,
        ignore_card_names=settings.ignore_card_names,
    )

    # 3. The prediction: answers beside their inputs, and a report of what was computed from what.
    with (
        activation,
        open_prediction(
            settings.output, knowledge, activation, started=started, stale_images=report.stale_images
        ) as prediction,
    ):
        # 4. The network answers some rows after others, so that the file may be of any size.
        #    Its card says how the inputs are scaled first.
        network = knowledge.begin()
        for inputs, targets in activation:
            outputs = network.activate(inputs)
            prediction.write(inputs, outputs, targets)
        report.read(activation)
        settings.check_inputs(knowledge, activation.file.sha256)
        report.wrote(prediction.commit())


if __name__ == "__main__":
    sys.exit(run_program(main))
