"""The service: predictions over HTTP."""

from fastapi import FastAPI

from noshow.errors import ProductError
from noshow.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service with the model in `settings.model_dir`, which is loaded when the server runs, not here."""
    raise ProductError("the service is still to do")  # TODO(m05): see the README of the module
