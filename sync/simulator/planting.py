"""Planting a bug: one text of the product's source is replaced, compiled, and the functions it changed get the new code.

A plant names the exact text it replaces, so it fails loudly when the code moves on and the plant no longer means anything. Nothing
is imported anew: every caller of the function meets the bug, and :func:`planted` takes it out again.
"""

from __future__ import annotations

import importlib
import inspect
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Plant:
    """A bug."""

    name: str
    module: str
    changes: tuple[tuple[str, str], ...]
    """Texts and what replaces them: as a rule one."""


@contextmanager
def planted(plant: Plant | None) -> Iterator[None]:
    """The product with a bug in it, while the block runs; ``None``: as it is.

    Raises:
        LookupError: the text to replace is not there exactly once, or changes no function.
    """
    if plant is None:
        yield
        return
    module = importlib.import_module(plant.module)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    mutant = source
    for old, new in plant.changes:
        if mutant.count(old) != 1:
            raise LookupError(f"{plant.name}: {plant.module} holds {old!r} {mutant.count(old)} times")
        mutant = mutant.replace(old, new)
    now, broken = (_codes(compile(text, plant.module, "exec")) for text in (source, mutant))
    changed = {name for name, code in broken.items() if name in now and _differ(now[name], code)}
    swapped = [(function, function.__code__) for function in _functions(module) if function.__code__.co_qualname in changed]
    if not swapped:
        raise LookupError(f"{plant.name}: changes no function of {plant.module}")
    try:
        for function, code in swapped:
            function.__code__ = broken[code.co_qualname]
        yield
    finally:
        for function, code in swapped:
            function.__code__ = code


def _codes(code: types.CodeType) -> dict[str, types.CodeType]:
    found: dict[str, types.CodeType] = {}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= {constant.co_qualname: constant, **_codes(constant)}
    return found


def _differ(one: types.CodeType, other: types.CodeType) -> bool:
    def facts(code: types.CodeType) -> object:
        return (code.co_code, code.co_names, [facts(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts])

    return facts(one) != facts(other)


def _functions(module: types.ModuleType) -> Iterator[types.FunctionType]:
    for thing in vars(module).values():
        if getattr(thing, "__module__", "") != module.__name__:
            continue
        members = vars(thing).values() if inspect.isclass(thing) else (thing,)
        for member in members:
            inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            function = inspect.unwrap(inner) if callable(inner) else inner
            if isinstance(function, types.FunctionType):
                yield function
