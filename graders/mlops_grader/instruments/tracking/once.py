"""A property that is computed once, also when it fails: what was tried in vain is not tried again by the next who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801  # it is written like `property`
    """Like `functools.cached_property`, and an exception is kept and raised again."""

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self._name = f"_once_{compute.__name__}"
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> once[Value]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...

    def __get__(self, instance: object | None, owner: type) -> Value | once[Value]:
        """The value for an object. Raises what computing it raised."""
        if instance is None:
            return self
        kept = vars(instance)
        if self._name not in kept:
            kept[self._name] = self._tried(instance)
        value, error = kept[self._name]
        if error:
            raise error
        return value  # type: ignore[no-any-return]  # it was kept with its error beside it

    def _tried(self, instance: object) -> tuple[Any, Exception | None]:
        try:
            return self._compute(instance), None
        except Exception as error:  # every check that asks is told the same
            return None, error
