"""What MLflow's own clients are asked to do, in a process of its own: ``mlflow_calls.py PORT``."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
from mlflow.deployments import get_deploy_client
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

from app07_client import App07Client, App07Error

PORT = int(sys.argv[1])
URL = f"http://127.0.0.1:{PORT}"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
ROWS = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])
FRAME = pd.DataFrame(ROWS, columns=NAMES)

scoring = ScoringServerClient("127.0.0.1", PORT)
scoring.wait_server_ready(timeout=10)
found = {
    name: scoring.invoke(data).get_predictions("ndarray").tolist()
    for name, data in {
        "frame": FRAME,
        "columns in another order": FRAME[NAMES[::-1]],
        "frame without names": pd.DataFrame(ROWS),
        "array": ROWS,
        "lists": ROWS.tolist(),
    }.items()
}
deployments = get_deploy_client(URL)
split = {"dataframe_split": {"columns": NAMES, "data": ROWS.tolist()}}
found["mlflow.deployments"] = deployments.predict(endpoint="iris", inputs=split)["predictions"]

with App07Client(URL) as client:
    found["App07Client, frame"] = client.predict(FRAME, "iris").predictions.tolist()
    found["App07Client, frame without names"] = client.predict(
        pd.DataFrame(ROWS), "iris"
    ).predictions.tolist()
    refused = []
    for frame in (FRAME.assign(petal_width=[0.2, np.nan]), FRAME.astype("Float64").replace(0.2, pd.NA),
                  pd.concat([FRAME, FRAME], axis=1), FRAME.assign(petal_width=pd.to_datetime([0, 1]))):  # fmt: skip
        try:
            client.predict(frame)
        except App07Error as error:
            refused.append(str(error))
json.dump({"found": found, "refused": refused}, sys.stdout)
