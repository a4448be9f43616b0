"""Stand-ins of the actions that keep files from one run for the next, by a key."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_grader.instruments.workflow.played import Bench, Inputs, Played, pattern
from mlops_grader.instruments.workflow.store import lines


def cache(inputs: Inputs, bench: Bench) -> Played:
    """actions/cache: restores by key or prefix, and saves after a job that succeeded without an exact hit."""
    if missing := _missing(inputs):
        return Played(failed=f"the input `{missing}` is missing")
    played, key = Played(), inputs["key"]
    prefixes, paths = lines(inputs.get("restore-keys")), [pattern(bench, path) for path in lines(inputs["path"])]
    played.outputs["cache-hit"] = keep(bench, played, key, prefixes, paths)
    if inputs.get("fail-on-cache-miss") == "true" and not played.outputs["cache-matched-key"]:
        played.failed = f"there is no cache with the key `{key}`"
    return played


def cache_restore(inputs: Inputs, bench: Bench) -> Played:
    """actions/cache/restore: restores and never saves."""
    played = cache(inputs, bench)
    played.after = None
    return played


def cache_save(inputs: Inputs, bench: Bench) -> Played:
    """actions/cache/save: saves at once."""
    if missing := _missing(inputs):
        return Played(failed=f"the input `{missing}` is missing")
    bench.store.save(inputs["key"], bench.machine.folder, [pattern(bench, path) for path in lines(inputs["path"])])
    return Played(log=f"saved {inputs['key']}")


def keep(bench: Bench, played: Played, key: str, prefixes: Sequence[str], paths: Sequence[str]) -> str:
    """Restore what is there, and plan to save what is not; the output `cache-hit`."""
    found = bench.store.find(key, prefixes)
    played.log += f"\ncache {key}: {'nothing found' if found is None else f'restored {found}'}"
    played.outputs["cache-primary-key"], played.outputs["cache-matched-key"] = key, found or ""
    if found is not None:
        bench.store.restore(found, bench.machine.folder)
    if found != key:
        played.after = lambda: bench.store.save(key, bench.machine.folder, paths)
    return "true" if found == key else "" if found is None else "false"


def _missing(inputs: Inputs) -> str:
    return next((name for name in ("key", "path") if not inputs.get(name, "").strip()), "")
