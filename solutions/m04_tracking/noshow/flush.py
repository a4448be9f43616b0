"""`python -m noshow flush`: send the records that could not be sent when they were made."""

from noshow.outbox import send_all
from noshow.settings import Settings
from noshow.tracking import open_store


def run(settings: Settings) -> str:
    """Send everything that waits in the outbox; one sentence about what arrived.

    Nothing is recorded twice, however often it runs and whenever it was ended before. Raises ProductError when the
    server does not answer, and nothing is lost.
    """
    sent = send_all(settings, open_store(settings))
    versions = ", ".join(f"version {each.version} (run {each.run_id})" for each in sent)
    return f"sent: {versions}" if sent else "nothing waits to be sent"
