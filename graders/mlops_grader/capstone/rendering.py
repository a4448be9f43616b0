"""Pages from templates: all that people wrote is cleaned and escaped, and a name that is missing is an error."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from mlops_grader.capstone import wording
from mlops_grader.plain import plain


def environment(package: str) -> jinja2.Environment:
    """The templates in the folder `pages` of a package."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(package, "pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_clean,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(
        amount=wording.amount, moment=wording.moment, day=wording.day, number=wording.number, listed=wording.listed
    )
    return made


def source(package: str, name: str) -> Markup:
    """A style sheet or a script of ours as it is."""
    text = files(package).joinpath("pages", name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  # it is a file of this package


def script_hash(script: str) -> str:
    """The source expression of a content security policy that lets exactly this script run."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def link(address: str) -> str:
    """The address when it leads to the web; otherwise nothing, so that no page ever runs what somebody wrote."""
    return address if address.lower().startswith(("https://", "http://")) else ""


def _clean(value: Any) -> Any:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
