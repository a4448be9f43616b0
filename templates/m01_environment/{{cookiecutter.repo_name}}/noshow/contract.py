"""The contract of /predict: what a request must hold and what the answer holds."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from noshow.appointment import Appointment, parse_minute


def _minute(value: object) -> datetime:
    return parse_minute(str(value))  # a number or null does not look like a moment either


Minute = Annotated[datetime, BeforeValidator(_minute, json_schema_input_type=str)]


class PredictionRequest(BaseModel):
    """An appointment to predict: all fields, no others, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    clinic: Literal["north", "harbour", "hill", "station"]
    age: Annotated[int, Field(ge=0, le=120)]
    booked_at: Minute
    starts_at: Minute
    distance_km: Annotated[float, Field(ge=0, le=1000)]
    previous_appointments: Annotated[int, Field(ge=0, le=9999)]
    previous_no_shows: Annotated[int, Field(ge=0, le=9999)]
    reminder: Literal["none", "sms", "call"]

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


class Prediction(BaseModel):
    """The answer: the probability that the patient does not come."""

    no_show_probability: Annotated[float, Field(ge=0, le=1)]
