#!/usr/bin/env python3
"""The activation: a trained network (the knowledge) answers rows of numbers, and the answers are written.

    knowledge  (currentSolution.pkl)  --+
                                        +--> answers --> prediction.csv, prediction.json
    activation (activation_data.csv)  --+

Where the files are is told by the environment: MODEL_PATH, DATA_PATH, OUTPUT_PATH; which columns of the
table to take, by INPUT_COLUMNS and TARGET_COLUMNS. All have defaults that fit the containers.

Exit status: 0 done, 2 wrong usage, 65 bad data, 66 input missing, 73 cannot write.
"""

import sys
import time

from pybrain_runtime import load_knowledge, read_activation, write_prediction
from pybrain_runtime.report import Report, run_program
from pybrain_runtime.settings import Settings


def main(settings: Settings, report: Report) -> None:
    started = time.time()

    # 1. The knowledge: a network that PyBrain trained. The file is read, never executed.
    knowledge = load_knowledge(settings.model)
    report.loaded(knowledge)

    # 2. The activation: the rows to answer, one number for each input of the network.
    activation = read_activation(
        settings.data,
        knowledge,
        input_columns=settings.input_columns,
        target_columns=settings.target_columns,
    )
    report.read(activation)

    # 3. The network answers all rows at once. Its card says how the inputs are scaled first.
    outputs = knowledge.activate(activation.inputs)

    # 4. The prediction: answers beside their inputs, and a report of what was computed from what.
    prediction = write_prediction(settings.output, knowledge, activation, outputs, started=started)
    report.wrote(prediction)


if __name__ == "__main__":
    sys.exit(run_program(main))
