"""The way out: proxy variables and certificates."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import Family, System

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT")
LOCAL = ("localhost", "127.0.0.1")


def proxy(environment: Mapping[str, str], system: System) -> Finding:
    """A proxy is fine as long as what the grader says to servers on this machine does not go through it."""
    wanted = f"none, or NO_PROXY={','.join(LOCAL)}"
    lower = {name.lower(): value for name, value in environment.items() if value}
    proxies = [lower[name] for name in ("https_proxy", "http_proxy", "all_proxy") if name in lower]
    if not proxies:
        return Finding("proxy", "none", wanted, ok=True)
    left_out = set(re.split(r"[,\s]+", lower.get("no_proxy", "")))
    ok = "*" in left_out or left_out >= set(LOCAL)
    found = _without_password(proxies[0]) + ("" if ok else ", also for this machine's own servers")
    return Finding("proxy", found, wanted, ok, _set(system, "NO_PROXY", sorted({*left_out, *LOCAL} - {""})))


def certificates(environment: Mapping[str, str], system: System) -> Finding:
    """Each variable that names certificates must name some that exist."""
    named = {name: environment[name] for name in CERTIFICATE_VARIABLES if environment.get(name)}
    gone = {name: place for name, place in named.items() if not Path(place).exists()}
    if gone:
        found = ", ".join(f"{name} names `{place}`, which does not exist" for name, place in gone.items())
        return Finding("certificates", found, "that they exist", ok=False, mend=_unset(system, gone))
    return Finding(
        "certificates",
        f"{len(named)} of {len(CERTIFICATE_VARIABLES)} variables set" if named else "those of each program",
        "that they exist",
        ok=True,
    )


def _without_password(proxy_url: str) -> str:
    """Host and port only: the report may be shown to others."""
    url = proxy_url if "://" in proxy_url else f"http://{proxy_url}"
    return urlsplit(url).netloc.rpartition("@")[2]


def _set(system: System, name: str, values: Iterable[str]) -> str:
    value = ",".join(values)
    return f'$env:{name} = "{value}"' if system.family is Family.WINDOWS else f"export {name}={value}"


def _unset(system: System, names: Iterable[str]) -> str:
    if system.family is Family.WINDOWS:
        return "; ".join(f"Remove-Item Env:{name}" for name in names)
    return f"unset {' '.join(names)}"
