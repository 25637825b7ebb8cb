"""What depends on what, as a graph of names: its order, its circles, and all that one change can reach.

``needs`` gives for every name those it is worked out from. Nothing here recurses, so a long chain of formulas is as good as a
short one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Needs = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Graph:
    """``rank``: place of every name in an order in which each comes after all it needs. ``reach``: for every name all that may
    change with it, itself included."""

    rank: Mapping[str, int]
    reach: Mapping[str, frozenset[str]]


def find_cycles(needs: Needs) -> Iterator[Sequence[str]]:
    """Ways from a name back to itself; each circle once."""
    done: set[str] = set()
    for start in needs:
        path = _cycle(start, needs, done)
        if path:
            done.update(path)
            yield path


def _cycle(start: str, needs: Needs, done: set[str]) -> Sequence[str]:
    """A circle found depth first; names proved clean are added to ``done``."""
    stack = [(start, iter(needs[start]))] if start not in done else []
    while stack:
        name, rest = stack[-1]
        step = next(rest, None)
        if step is None:
            done.add(name)
            stack.pop()
            continue
        on_path = [above for above, _ in stack]
        if step in on_path:
            return [*on_path[on_path.index(step) :], step]
        if step not in done and step in needs:
            stack.append((step, iter(needs[step])))
    return ()


def build_graph(needs: Needs, judged_by: Needs) -> Graph:
    """Graph of names without circles; ``judged_by`` gives what only the judgement of a name reads, which may well go round."""
    readers: dict[str, list[str]] = {name: [] for name in needs}
    for table in (needs, judged_by):
        for name, sources in table.items():
            for source in sources:
                readers[source].append(name)
    return Graph(_rank(needs), {name: _reached(name, readers) for name in needs})


def _rank(needs: Needs) -> dict[str, int]:
    rank: dict[str, int] = {}
    for start in needs:
        stack = [start]
        while stack:
            waiting = [name for name in needs[stack[-1]] if name not in rank]
            if waiting:
                stack += waiting
            else:
                rank.setdefault(stack.pop(), len(rank))
    return rank


def _reached(start: str, readers: Mapping[str, Sequence[str]]) -> frozenset[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = set(readers[waiting.pop()]) - reached
        reached |= new
        waiting += new
    return frozenset(reached)
