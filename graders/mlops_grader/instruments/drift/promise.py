"""The false-alarm rate that a project promises."""

from __future__ import annotations

import tomllib

from mlops_grader.check import Fail
from mlops_grader.submission import Submission

HIGHEST = 0.05


def false_alarm_rate(submission: Submission, file: str) -> float:
    """Read the promise. Raises Fail that names the file, the fact and the way out."""
    try:
        said = tomllib.loads(submission.read(file)).get("false_alarm_rate")
    except (ValueError, RecursionError) as error:  # a number can have more digits than Python reads
        raise Fail(f"`{file}` is not valid TOML: {error}", fix="mend that line") from None
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise Fail(f"`{file}` states no `false_alarm_rate`", fix="false_alarm_rate = 0.03, or what you can keep")
    if not 0 < said <= HIGHEST:
        raise Fail(f"`{file}`: a false-alarm rate of {said} is promised", fix=f"more than 0, and at most {HIGHEST}")
    return float(said)
