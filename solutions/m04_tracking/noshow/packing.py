"""A model as MLflow keeps it: a folder with the file, what goes in and comes out, an example, and what it needs."""

import logging
import warnings
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.pipeline import Pipeline

from noshow.appointment import Appointment
from noshow.features import FEATURES, feature_matrix

RECORD = "record.json"
REQUIRED = ("numpy", "scikit-learn", "skops")
"""Stated, because MLflow would start another Python to find them out, and take many seconds for it."""

EXAMPLE = Appointment(
    clinic="hill",
    age=41,
    booked_at=datetime(2026, 1, 5, 9, 0),
    starts_at=datetime(2026, 1, 19, 14, 30),
    distance_km=3.2,
    previous_appointments=4,
    previous_no_shows=1,
    reminder="sms",
)
"""Invented: an example that is taken from the data would be a patient."""


def pack_model(model: Pipeline, folder: Path) -> None:
    """Write the model with its signature, an input example and its requirements into a new folder."""
    example = pd.DataFrame(feature_matrix([EXAMPLE]), columns=list(FEATURES))
    signature = infer_signature(example, model.predict_proba(example.to_numpy()))
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    with warnings.catch_warnings(action="ignore"):
        mlflow.sklearn.save_model(
            model,
            folder,
            serialization_format="skops",
            signature=signature,
            input_example=example,
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
            pyfunc_predict_fn="predict_proba",
        )
