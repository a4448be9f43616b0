"""The contract of the predictions: what a request must hold, and what an answer holds.

TODO(m05): the fields, their types, units and ranges stand in the README of the module.
"""

from pydantic import BaseModel

from noshow.appointment import Appointment


class PredictionRequest(BaseModel):
    """An appointment to predict: all fields, no others, each of its own type."""

    def appointment(self) -> Appointment:
        """The appointment as the features take it."""
        raise NotImplementedError("the contract is still to do")


class Prediction(BaseModel):
    """The answer: the probability that the patient does not come."""
