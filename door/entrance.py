"""From a typed command to the room that does it.

The fast path: look the command up, compare the stamp, become the environment's interpreter, import one function, call it. No
process is started on the way. When the stamp does not match, :mod:`door.setup` makes the environment stand first; ``--help``
never waits for that.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from door import stamp
from door.errors import DoorError, UnknownCommand
from door.table import COMMANDS, Command

INTERRUPTED = 130
_HELP = ("-h", "--help", "help")


def enter(argv: Sequence[str]) -> int:
    """Do what was typed; returns the exit code (docs/door.md lists them)."""
    try:
        return _enter(list(argv))
    except DoorError as error:
        sys.stderr.write(error.lines())
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("\nĐã dừng. Chạy lại đúng lệnh đó để tiếp tục. (Stopped; run the same command again.)\n")
        return INTERRUPTED


def _enter(argv: list[str]) -> int:
    if not argv or argv[0] in _HELP:
        named = argv[1:2]
        print(command_help(find(named[0])) if named else table_help())
        return 0 if argv else UnknownCommand.exit_code
    command, rest = find(argv[0]), argv[1:]
    if command.name == "setup":
        return _set_up_only(command, rest)
    if not stamp.stands(command.lock, command.debian):
        if any(word in _HELP[:2] for word in rest):
            print(command_help(command))
            return 0
        _make_stand(command.lock, command.debian)
    if not stamp.inside():
        _become([stamp.PYTHON, os.path.join(stamp.ROOT, "main.py"), *argv])
    return hand_over(command, rest)


def _become(argv: list[str]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], argv)


def _make_stand(lock: str, debian: tuple[str, ...], *, again: bool = False) -> None:
    if stamp.inside():
        # The environment cannot rebuild itself from within: the interpreter it was made from does it.
        _become([getattr(sys, "_base_executable", sys.executable), os.path.join(stamp.ROOT, "main.py"), *sys.argv[1:]])
    from door import setup

    setup.make_stand(lock, debian, again=again)


def _set_up_only(command: Command, rest: list[str]) -> int:
    if any(word in _HELP for word in rest):
        print(command_help(command))
        return 0
    lock, debian = ("dev", ("run", "demo", "test")) if "--dev" in rest else (command.lock, command.debian)
    if "--again" in rest or not stamp.stands(lock, debian):
        _make_stand(lock, debian, again="--again" in rest)
    from door.setup import compile_rooms

    compile_rooms()
    return setup_done(rest)


def setup_done(argv: Sequence[str]) -> int:
    """Say that the machine is ready; the work of ``setup`` is done by then."""
    print("Máy đã sẵn sàng. (This machine is ready.)")
    return 0


def hand_over(command: Command, rest: list[str]) -> int:
    """Import the one function that does the command and call it with the remaining arguments."""
    import importlib

    from door import vietnamese

    vietnamese.speak()
    module, name = command.entry.split(":")
    function: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), name)
    return function(rest)


def find(name: str) -> Command:
    """The row of the table for a typed word. Raises UnknownCommand naming the nearest rows."""
    for command in COMMANDS:
        if command.name == name:
            return command
    import difflib

    near = difflib.get_close_matches(name, [command.name for command in COMMANDS], n=2, cutoff=0.5)
    raise UnknownCommand(
        f"Không có lệnh “{name}”.",
        ("Có phải ý bạn là: " + ", ".join(near) + "? " if near else "") + "Xem mọi lệnh: python3 main.py --help",
        f"no such command; see --help{'; nearest: ' + ', '.join(near) if near else ''}",
    )


def table_help() -> str:
    """The whole table for ``--help``."""
    width = max(len(command.name) for command in COMMANDS)
    rows = [f"  {command.name:<{width}}  {command.vi}\n  {'':<{width}}  {command.en}" for command in COMMANDS]
    return "\n".join(
        [
            "Một Cửa Xã – quầy một cửa tự phục vụ, chạy được khi mất mạng.",
            "Cách dùng (usage): python3 main.py LỆNH [tham số]",
            "",
            *rows,
            "",
            "Chi tiết một lệnh (help for one command): python3 main.py LỆNH --help",
            "Lần chạy đầu tự chuẩn bị máy; các lần sau không cần mạng.",
            "(The first run prepares the machine; later runs need no network.)",
        ]
    )


def command_help(command: Command) -> str:
    """Help for one command before its room can be imported."""
    return "\n".join(
        [
            f"{command.vi}\n({command.en})",
            f"Cách dùng (usage): python3 main.py {command.name} {command.usage}".rstrip(),
            "Tham số chi tiết hiện ra khi máy đã chuẩn bị xong: python3 main.py setup",
            "(All options are listed once the machine is set up.)",
        ]
    )
