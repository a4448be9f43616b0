"""`python -m noshow promote VERSION`: the gate between a registered version and the alias that serving follows."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings, version: str) -> str:
    """Compare a registered version with the champion on the same days, and make it the champion if it is better.

    Both are measured anew: what their runs say of themselves counts nothing. The version gets the tags `decision`
    (`promoted` or `refused`) and `because`, whatever comes out. When two promotions race, the better version is the
    champion in the end. Raises ProductError when they cannot be compared; the champion stays.
    """
    raise ProductError("the gate is still to do")  # TODO(m04): see the README of the module
