"""The expression engine of forms: the XLSForm subset, parsed by hand and evaluated without ``eval``.

An expression is parsed once, when the form is read, into a small tree; every mistake is found then and told with the column
where it stands. Evaluation never raises: an answer that is missing or not a number makes arithmetic NaN and comparisons false,
as in the standard. Values are text, numbers, truth values and dates; an ISO date in an answer compares as a date, a partial
date by its earliest day, and an empty answer compares with no date. Numbers carry fifteen digits, as in a spreadsheet: đồng
stay exact, and 0.1 + 0.2 is 0.3. A question inside a repeat is, seen from outside, as many answers as there are entries: only
``count sum min max`` take it. Grammar: ``${name} . 'text' 12 = != < <= > >= and or + - * div mod ( ) f(…)``, functions in
:data:`FUNCTIONS`; ``..`` stands in ``position(..)`` only, the bare name of a column in a choice filter only.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from forms.text import split_date

Value = str | float | bool | date


class ExprError(Exception):
    """A malformed expression; ``column`` counts characters of the expression from 1, ``message_vi`` is for the form's author."""

    def __init__(self, column: int, message_vi: str) -> None:
        super().__init__(f"column {column}: {message_vi}")
        self.column = column
        self.message_vi = message_vi


class Context(Protocol):
    """What an expression may ask while it is evaluated."""

    @property
    def today(self) -> date: ...

    @property
    def position(self) -> int:
        """Number of the entry the expression stands in, from 1; 0 outside a repeat."""
        ...

    def value(self, name: str) -> str:
        """Answer or computed value, '' when there is none or it is not relevant; several choices are joined by spaces."""
        ...

    def values(self, name: str) -> Sequence[str]:
        """Answers of a question in all entries where it is relevant; for the name of a repeat, something for each entry."""
        ...

    def choice_label(self, name: str, choice: str) -> str:
        """Label of a choice of question ``name``; '' when it has none such."""
        ...


# --- the tree ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float


@dataclass(frozen=True, slots=True)
class Ref:
    """``${name}``; ``column`` is kept for messages about unknown names."""

    name: str
    column: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class This:
    """``.``: the answer being checked."""


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name in a choice filter: that column of the choice being judged."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Node


Node = Literal | Ref | This | Column | Call | Binary | Negative


@dataclass(frozen=True, slots=True)
class Expr:
    """A parsed expression with its source and the names it reads, in order of first use."""

    source: str
    root: Node
    refs: tuple[Ref, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(ref.name for ref in self.refs))

    @property
    def reads_this(self) -> bool:
        return any(isinstance(node, This) for node in walk(self.root))

    @property
    def calls(self) -> frozenset[str]:
        """Names of the functions used."""
        return frozenset(node.function for node in walk(self.root) if isinstance(node, Call))

    @property
    def columns(self) -> frozenset[str]:
        """Columns of the choices that a filter reads."""
        return frozenset(node.name for node in walk(self.root) if isinstance(node, Column))

    @property
    def single(self) -> tuple[Ref, ...]:
        """References that want one answer: those that do not stand directly in a function over all entries."""
        gathered = {
            id(argument)
            for node in walk(self.root)
            if isinstance(node, Call) and node.function in GATHERING
            for argument in node.arguments
        }
        return tuple(ref for ref in self.refs if id(ref) not in gathered)


def constant(text: str) -> Expr:
    """The expression whose value is always ``text``."""
    return Expr(text, Literal(text), ())


def walk(node: Node) -> Sequence[Node]:
    """All nodes of a tree, parents first."""
    below: tuple[Node, ...] = ()
    if isinstance(node, Call):
        below = node.arguments
    elif isinstance(node, Binary):
        below = (node.left, node.right)
    elif isinstance(node, Negative):
        below = (node.operand,)
    return [node, *(deeper for child in below for deeper in walk(child))]


def show(node: Node, level: int = 0) -> str:
    """A tree as an expression again, with no parentheses but the needed ones; parsing it gives an equal tree."""
    if isinstance(node, Literal):
        quote = '"' if isinstance(node.value, str) and "'" in node.value else "'"
        return f"{quote}{node.value}{quote}" if isinstance(node.value, str) else as_text(node.value)
    if isinstance(node, Ref):
        return f"${{{node.name}}}"
    if isinstance(node, This):
        return "."
    if isinstance(node, Column):
        return node.name
    if isinstance(node, Negative):
        return f"-{show(node.operand, len(_LEVELS))}"
    if isinstance(node, Call):
        return _show_call(node)
    own = next(place for place, operators in enumerate(_LEVELS) if node.operator in operators)
    text = f"{show(node.left, own)} {node.operator} {show(node.right, own + 1)}"
    return f"({text})" if own < level else text


def _show_call(node: Call) -> str:
    arguments = [show(argument) for argument in node.arguments]
    if node.function == "jr:choice-name":
        arguments[1] = f"'{arguments[1]}'"
    return f"{node.function}({'..' if node.function == 'position' else ', '.join(arguments)})"


# --- parsing -----------------------------------------------------------------------------------------------------

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<ref>\$\{\s*[A-Za-z_][A-Za-z0-9_.-]*\s*\})
    | (?P<number>[0-9]+(?:\.[0-9]+)?)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<name>[A-Za-z][A-Za-z0-9_]*(?::[a-z])?(?:-?[A-Za-z0-9_]+)*)
    | (?P<op><=|>=|!=|\.\.|[=<>+*(),.]|-)
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=")
_LEVELS: Final[Sequence[Sequence[str]]] = (("or",), ("and",), ("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
_WORDS: Final = frozenset({"or", "and", "div", "mod"})
GATHERING: Final = frozenset({"count", "sum", "min", "max"})
"""Functions over all entries of a repeat."""
_MAX_DEPTH: Final = 60
_MAX_TOKENS: Final = 400
_DIGITS: Final = 15
"""Decimal digits that a number holds exactly."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(source: str, columns: Collection[str] = ()) -> Expr:
    """Parse an expression; ``columns`` are the bare names a choice filter may read.

    Raises:
        ExprError: malformed, an unknown function, or a wrong number of arguments.
    """
    parser = _Parser(_tokens(source), len(source) + 1, columns)
    root = parser.level(0)
    parser.end()
    return Expr(source, root, tuple(node for node in walk(root) if isinstance(node, Ref)))


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while source[at:].strip():
        found = _TOKEN.match(source, at)
        if found is None or found.lastgroup is None:
            at += len(source[at:]) - len(source[at:].lstrip())
            quote = source[at] in "'\""
            raise ExprError(at + 1, "Thiếu dấu nháy đóng." if quote else _strange(source[at]))
        tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1))
        at = found.end()
        if len(tokens) > _MAX_TOKENS:
            raise ExprError(at, f"Biểu thức dài quá {_MAX_TOKENS} phần, hãy chia ra dòng calculate.")
    return tokens


def _strange(sign: str) -> str:
    """What to do about a sign that no expression has; a word processor's quotes are the usual one."""
    if sign in "‘’‚“”„«»`´":
        return f"Dấu nháy «{sign}» là nháy cong. Gõ nháy thẳng: '."
    hint = " Tên câu hỏi viết ${tên}." if sign in "${}" else ""
    return f"Không hiểu ký hiệu «{sign}».{hint}"


class _Parser:
    """Precedence climbing over a list of tokens."""

    def __init__(self, tokens: Sequence[_Token], end_column: int, columns: Collection[str]) -> None:
        self._tokens = tokens
        self._columns = columns
        self._at = 0
        self._end_column = end_column
        self._depth = 0

    def _peek(self) -> _Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else _Token("end", "", self._end_column)

    def _take(self) -> _Token:
        token = self._peek()
        self._at += 1
        return token

    def end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise ExprError(token.column, f"Thừa «{token.text}», hoặc thiếu phép nối trước nó.")

    def level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self.level(level + 1)
        while self._peek().kind in ("op", "name") and self._peek().text in _LEVELS[level]:
            operator = self._take().text
            left = Binary(operator, left, self.level(level + 1))
        return left

    def _unary(self) -> Node:
        token = self._peek()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ExprError(token.column, f"Biểu thức lồng quá {_MAX_DEPTH} lớp.")
        self._take()
        node = Negative(self._unary()) if token.kind == "op" and token.text == "-" else self._primary(token)
        self._depth -= 1
        return node

    def _primary(self, token: _Token) -> Node:
        if token.kind == "ref":
            return Ref(token.text[2:-1].strip(), token.column)
        if token.kind == "number":
            if len(token.text.replace(".", "")) > _DIGITS:
                raise ExprError(token.column, f"Số dài quá {_DIGITS} chữ số.")
            return Literal(float(token.text))
        if token.kind == "text":
            return Literal(unicodedata.normalize("NFC", token.text[1:-1]))
        if token.kind == "op" and token.text == ".":
            return This()
        if token.kind == "op" and token.text == "(":
            inner = self.level(0)
            self._expect(")", token)
            return inner
        if token.kind == "name" and token.text not in _WORDS:
            return self._call(token)
        if token.kind == "end":
            raise ExprError(token.column, "Biểu thức dừng giữa chừng.")
        raise ExprError(token.column, f"«{token.text}» đứng sai chỗ.")

    def _expect(self, text: str, opened: _Token) -> None:
        token = self._take()
        if token.kind != "op" or token.text != text:
            raise ExprError(opened.column, f"Thiếu «{text}» cho «{opened.text}» mở ở ký tự {opened.column}.")

    def _call(self, name: _Token) -> Node:
        if self._peek().text != "(":
            return self._column(name)
        function = FUNCTIONS.get(name.text)
        if function is None:
            near = difflib.get_close_matches(name.text, FUNCTIONS, 1)
            hint = f" Có phải «{near[0]}» không?" if near else ""
            raise ExprError(name.column, f"Không có hàm «{name.text}».{hint}")
        self._take()
        if name.text == "position":
            self._expect("..", name)
        arguments = list(self._arguments())
        self._expect(")", name)
        if not function.fewest <= len(arguments) <= function.most:
            wanted = f"{function.fewest} đến {function.most}"
            raise ExprError(name.column, f"Hàm «{name.text}» nhận {wanted} giá trị, đang có {len(arguments)}.")
        if name.text == "jr:choice-name":
            arguments[1] = self._quoted_ref(arguments[1], name)
        return Call(name.text, tuple(arguments))

    def _arguments(self) -> Iterator[Node]:
        if self._next_is(")"):
            return
        yield self.level(0)
        while self._next_is(","):
            self._take()
            yield self.level(0)

    def _next_is(self, operator: str) -> bool:
        return self._peek().kind == "op" and self._peek().text == operator

    def _column(self, name: _Token) -> Node:
        """A bare name: a column in a choice filter, a slip anywhere else."""
        if name.text in self._columns:
            return Column(name.text)
        if self._columns:
            raise ExprError(name.column, f"Danh sách lựa chọn không có cột «{name.text}».")
        raise ExprError(name.column, f"«{name.text}» không phải là số, chữ trong nháy, ${{tên}} hay hàm.")

    def _quoted_ref(self, node: Node, name: _Token) -> Node:
        """The second argument of jr:choice-name is a reference inside quotes in the standard."""
        if isinstance(node, Literal) and isinstance(node.value, str):
            found = re.fullmatch(r"\$\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}", node.value)
            if found is not None:
                return Ref(found[1], name.column)
        raise ExprError(name.column, "jr:choice-name cần giá trị thứ hai viết là '${tên}' trong nháy.")


# --- values --------------------------------------------------------------------------------------------------------


def as_text(value: Value) -> str:
    """Text of a value as it is stored: whole numbers without a point, dates ISO, truth as true/false, NaN as ''."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value) or math.isinf(value):
            return ""
        if value == int(value):
            return str(int(value))
        after_point = max(_DIGITS - len(str(int(abs(value)))), 1)
        return f"{value:.{after_point}f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else value


_EPOCH: Final = date(1970, 1, 1).toordinal()


def as_number(value: Value) -> float:
    """Number of a value; NaN when it is none. A date is its days since 1/1/1970, so that differences are days."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, float):
        return value
    if isinstance(value, date):
        return float(value.toordinal() - _EPOCH)
    if re.fullmatch(r"\s*-?[0-9]{1,15}(\.[0-9]{1,15})?\s*", value):
        return float(value)
    day = as_date(value)
    return math.nan if day is None else as_number(day)


def as_truth(value: Value) -> bool:
    if isinstance(value, float):
        return value != 0 and not math.isnan(value)
    return value if isinstance(value, bool) else value != ""


def as_date(value: Value) -> date | None:
    """Date of a value; the earliest day of a partial date; ``None`` when it is no date. A number counts days since 1/1/1970."""
    if isinstance(value, date):
        return value
    if isinstance(value, float):
        day = _EPOCH + math.floor(value) if math.isfinite(value) else 0
        return date.fromordinal(day) if 0 < day <= date.max.toordinal() else None
    if isinstance(value, bool):
        return None
    try:
        year, month, day = split_date(value)
    except ValueError:
        return None
    return date(year, month or 1, day or 1)


# --- evaluation ----------------------------------------------------------------------------------------------------


def evaluate(expr: Expr, context: Context, this: str = "", choice: Mapping[str, str] | None = None) -> Value:
    """Value of an expression; ``this`` is what ``.`` stands for (in a formula: what ``once`` keeps), ``choice`` the columns."""
    return _Evaluator(context, this, choice or {}).of(expr.root)


class _Evaluator:
    def __init__(self, context: Context, this: str, choice: Mapping[str, str]) -> None:
        self.context = context
        self.this = this
        self.choice = choice

    def of(self, node: Node) -> Value:
        if isinstance(node, Literal):
            return node.value
        if isinstance(node, Ref):
            return self.context.value(node.name)
        if isinstance(node, This):
            return self.this
        if isinstance(node, Column):
            return self.choice.get(node.name, "")
        if isinstance(node, Negative):
            return -as_number(self.of(node.operand))
        if isinstance(node, Call):
            return FUNCTIONS[node.function].body(self, node.arguments)
        return self._binary(node)

    def _binary(self, node: Binary) -> Value:
        if node.operator == "and":
            return as_truth(self.of(node.left)) and as_truth(self.of(node.right))
        if node.operator == "or":
            return as_truth(self.of(node.left)) or as_truth(self.of(node.right))
        left, right = self.of(node.left), self.of(node.right)
        if node.operator in _COMPARISONS:
            return _compare(node.operator, left, right)
        return _exact(_ARITHMETIC[node.operator](as_number(left), as_number(right)))

    def text(self, node: Node) -> str:
        return as_text(self.of(node))

    def number(self, node: Node) -> float:
        return as_number(self.of(node))

    def numbers(self, nodes: Sequence[Node]) -> list[float]:
        """Numbers of all entries; what is not answered yet is left out, what is no number stays NaN."""
        found: list[float] = []
        for node in nodes:
            values = self.context.values(node.name) if isinstance(node, Ref) else [self.of(node)]
            found += [as_number(value) for value in values if value != ""]
        return found


def _exact(number: float) -> float:
    """A result to fifteen digits, so that adding decimals leaves no dust; too large a one is no number."""
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else math.nan


def _compare(operator: str, left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        a: float = float(as_truth(left))
        b: float = float(as_truth(right))
    elif isinstance(left, date) or isinstance(right, date):
        first, second = as_date(left), as_date(right)
        if first is None or second is None:
            return operator == "!="
        a, b = float(first.toordinal()), float(second.toordinal())
    elif operator in ("=", "!=") and isinstance(left, str) and isinstance(right, str):
        return (left == right) == (operator == "=")
    else:
        first, second = as_date(left), as_date(right)
        both = first is not None and second is not None and isinstance(left, str) and isinstance(right, str) and "-" in left + right
        a = float(first.toordinal()) if both and first else as_number(left)
        b = float(second.toordinal()) if both and second else as_number(right)
    return _ORDER[operator](a, b)


_ORDER: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else math.nan,
    "mod": lambda a, b: math.fmod(a, b) if b else math.nan,
}


# --- functions -----------------------------------------------------------------------------------------------------

_Body = Callable[[_Evaluator, Sequence[Node]], Value]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the subset: fewest and most arguments, and its body."""

    fewest: int
    most: int
    body: _Body


def _if(e: _Evaluator, a: Sequence[Node]) -> Value:
    return e.of(a[1]) if as_truth(e.of(a[0])) else e.of(a[2])


def _coalesce(e: _Evaluator, a: Sequence[Node]) -> Value:
    return next((text for text in map(e.text, a) if text), "")


def _substr(e: _Evaluator, a: Sequence[Node]) -> Value:
    text, start = e.text(a[0]), e.number(a[1])
    end = e.number(a[2]) if len(a) == 3 else float(len(text))
    return "" if math.isnan(start) or math.isnan(end) else text[int(start) : int(end)]


def _regex(e: _Evaluator, a: Sequence[Node]) -> Value:
    try:
        return re.fullmatch(e.text(a[1]), e.text(a[0])) is not None
    except (re.error, OverflowError, RecursionError):
        return False


def _date(e: _Evaluator, a: Sequence[Node]) -> Value:
    return as_date(e.of(a[0])) or ""


def _format_date(e: _Evaluator, a: Sequence[Node]) -> Value:
    day = as_date(e.of(a[0]))
    if day is None:
        return ""
    parts = {"%Y": f"{day.year:04d}", "%y": f"{day.year % 100:02d}", "%m": f"{day.month:02d}", "%n": str(day.month)}
    parts |= {"%d": f"{day.day:02d}", "%e": str(day.day)}
    return re.sub("%[YymnDde]", lambda m: parts.get(m.group(), m.group()), e.text(a[1]))


def _int(e: _Evaluator, a: Sequence[Node]) -> Value:
    number = e.number(a[0])
    return number if math.isnan(number) else float(math.trunc(number))


def _round(e: _Evaluator, a: Sequence[Node]) -> Value:
    number, digits = e.number(a[0]), e.number(a[1]) if len(a) == 2 else 0.0
    if not abs(digits) <= _DIGITS:
        return math.nan
    scale = 10.0 ** int(digits)
    scaled = _exact(number * scale)
    return scaled if math.isnan(scaled) else _exact(math.floor(scaled + 0.5) / scale)


def _choice_name(e: _Evaluator, a: Sequence[Node]) -> Value:
    ref = a[1]
    return e.context.choice_label(ref.name, e.text(a[0])) if isinstance(ref, Ref) else ""


def _ordered(numbers: list[float]) -> list[float]:
    """Numbers that can be compared: none at all when one of them is no number."""
    return [] if any(map(math.isnan, numbers)) else numbers


def _count(e: _Evaluator, a: Sequence[Node]) -> Value:
    return float(len(e.context.values(a[0].name)) if isinstance(a[0], Ref) else 1)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "if": Function(3, 3, _if),
    "coalesce": Function(1, 20, _coalesce),
    "not": Function(1, 1, lambda e, a: not as_truth(e.of(a[0]))),
    "true": Function(0, 0, lambda e, a: True),
    "false": Function(0, 0, lambda e, a: False),
    "selected": Function(2, 2, lambda e, a: e.text(a[1]) in e.text(a[0]).split()),
    "count-selected": Function(1, 1, lambda e, a: float(len(e.text(a[0]).split()))),
    "concat": Function(1, 40, lambda e, a: "".join(map(e.text, a))),
    "string-length": Function(1, 1, lambda e, a: float(len(e.text(a[0])))),
    "substr": Function(2, 3, _substr),
    "regex": Function(2, 2, _regex),
    "starts-with": Function(2, 2, lambda e, a: e.text(a[0]).startswith(e.text(a[1]))),
    "contains": Function(2, 2, lambda e, a: e.text(a[1]) in e.text(a[0])),
    "today": Function(0, 0, lambda e, a: e.context.today),
    "now": Function(0, 0, lambda e, a: e.context.today),
    "date": Function(1, 1, _date),
    "format-date": Function(2, 2, _format_date),
    "decimal-date-time": Function(1, 1, lambda e, a: as_number(as_date(e.of(a[0])) or "")),
    "int": Function(1, 1, _int),
    "round": Function(1, 2, _round),
    "count": Function(1, 1, _count),
    "sum": Function(1, 20, lambda e, a: _exact(sum(e.numbers(a)))),
    "min": Function(1, 20, lambda e, a: min(_ordered(e.numbers(a)), default=math.nan)),
    "max": Function(1, 20, lambda e, a: max(_ordered(e.numbers(a)), default=math.nan)),
    "position": Function(0, 0, lambda e, a: float(e.context.position)),
    "number": Function(1, 1, lambda e, a: e.number(a[0])),
    "string": Function(1, 1, lambda e, a: e.text(a[0])),
    "once": Function(1, 1, lambda e, a: e.this or e.text(a[0])),
    "jr:choice-name": Function(2, 2, _choice_name),
}
"""The functions a form may use, by name. ``now`` is the day of filling in too: a session has no clock."""
