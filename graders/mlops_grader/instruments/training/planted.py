"""What the grader writes into the clean data: columns that a model must not use, and other outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa

from mlops_grader.check import Fail
from mlops_grader.instruments.data import dataset
from mlops_grader.instruments.product import Product

ID, LABEL = "appointment_id", "no_show"

LEAKS = ("outcome_code", "status", "attendance", "billing_code")  # each tells the outcome
LATER = ("minutes_in_practice", "waited_minutes", "seen_by_doctor_after", "paid_amount")  # known after the appointment

Of = Callable[[str], Any]  # the value in the row of an appointment, None for a missing one


def rewrite(product: Product, columns: Mapping[str, Of]) -> None:
    """Give each row of the clean data other values in these columns, which are added where there are none."""
    shown = product.contract.data.manifest

    def change(table: pa.Table) -> pa.Table:
        if ID not in table.column_names:
            raise Fail(f"the data that `{shown}` names have no column `{ID}`", fix="keep what module 2 promised")
        ids = [str(each) for each in table.column(ID).to_pylist()]
        return _with_columns(table, {name: [of(i) for i in ids] for name, of in columns.items()})

    dataset.rewrite(product.root / shown, shown, change)


def tempting(past: pd.DataFrame, random: Random) -> dict[str, Of]:
    """Two columns by name: one that tells the outcome, and one that is known only after the appointment."""
    missed = dict(zip(past[ID], past[LABEL], strict=True))
    leak, later = random.choice(LEAKS), random.choice(LATER)

    def code(name: str) -> float | None:
        return None if name not in missed else 2.0 if missed[name] else 1.0

    def minutes(name: str) -> float | None:
        if name not in missed:
            return None
        return 0.0 if missed[name] else float(5 + sum(name.encode()) % 40)

    return {leak: code, later: minutes}


def turned(past: pd.DataFrame, first_day: Any) -> dict[str, Of]:
    """The outcomes with those from a day on turned round."""
    new = past[LABEL] ^ (past["starts_at"] >= pd.Timestamp(first_day))
    return {LABEL: dict(zip(past[ID], map(bool, new), strict=True)).get}


def _with_columns(table: pa.Table, columns: Mapping[str, list[Any]]) -> pa.Table:
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        if place < 0:
            table = table.append_column(name, pa.array(values))
        else:
            field = table.schema.field(place)
            table = table.set_column(place, field, pa.array(values, field.type))
    return table
