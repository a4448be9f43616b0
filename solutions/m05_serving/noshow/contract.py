"""The contract of the predictions: what a request must hold, and what an answer holds."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from noshow.appointment import Appointment, parse_minute

MAX_BATCH = 100
"""Appointments in one batch: a day of one clinic."""

MINUTE = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$"


def _minute(value: object) -> datetime:
    return parse_minute(str(value))  # a number or null does not look like a moment either


Minute = Annotated[datetime, BeforeValidator(_minute, json_schema_input_type=Annotated[str, Field(pattern=MINUTE)])]
Count = Annotated[int, Field(ge=0, le=9999)]

EXAMPLE: JsonDict = {
    "clinic": "north",
    "age": 47,
    "booked_at": "2026-03-02T09:15",
    "starts_at": "2026-03-16T10:30",
    "distance_km": 3.4,
    "previous_appointments": 5,
    "previous_no_shows": 1,
    "reminder": "sms",
}


class PredictionRequest(BaseModel):
    """An appointment to predict: all fields, no others, each of its own type."""

    model_config = ConfigDict(
        extra="forbid", strict=True, allow_inf_nan=False, frozen=True, json_schema_extra={"examples": [EXAMPLE]}
    )

    clinic: Annotated[Literal["north", "harbour", "hill", "station"], Field(description="where it takes place")]
    age: Annotated[int, Field(ge=0, le=120, description="of the patient on that day, in whole years")]
    booked_at: Annotated[Minute, Field(description="local time of the booking, to the minute")]
    starts_at: Annotated[Minute, Field(description="local time of the appointment, to the minute, after the booking")]
    distance_km: Annotated[float, Field(ge=0, le=1000, description="from home to the clinic, in kilometres")]
    previous_appointments: Annotated[Count, Field(description="earlier appointments of the patient")]
    previous_no_shows: Annotated[Count, Field(description="how many of these the patient missed")]
    reminder: Annotated[Literal["none", "sms", "call"], Field(description="how the patient was reminded")]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.starts_at <= self.booked_at:
            raise ValueError("starts_at must be after booked_at")
        if self.previous_no_shows > self.previous_appointments:
            raise ValueError("previous_no_shows must not be more than previous_appointments")
        return self

    def appointment(self) -> Appointment:
        """The appointment as the features take it."""
        return Appointment(**dict(self))


Batch = Annotated[list[PredictionRequest], Field(min_length=1, max_length=MAX_BATCH)]


class Prediction(BaseModel):
    """The answer: the probability that the patient does not come."""

    model_config = ConfigDict(extra="forbid")

    no_show_probability: Annotated[float, Field(ge=0, le=1, description="from 0, comes, to 1, does not come")]


class Readiness(BaseModel):
    """Whether requests can be sent here."""

    status: Literal["ready"] = "ready"
    newer_model_refused: Annotated[bool, Field(description="a newer export lies there and is not fit to be used")]
