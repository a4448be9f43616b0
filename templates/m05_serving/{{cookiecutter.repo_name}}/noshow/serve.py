"""`python -m noshow serve`: run the service until it is asked to stop."""

from noshow.errors import ProductError
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Serve on `settings.host` and `settings.port`; SIGTERM ends it with code 0 when requests in flight are answered.

    It starts without a model too, and is ready as soon as one is exported.
    """
    raise ProductError("serving is still to do")  # TODO(m05): see the README of the module
