"""Derivation files: TOML in, a Derivation out, one clear line for anything that is wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from robustsize.bounds.prover.model import Derivation, DerivationError, Domain, Step

LONGEST_BYTES = 1 << 20
"""Longer files are refused unread."""

_TABLES = ("derivation", "symbols", "definitions", "step")
_HEAD = ("id", "source", "note")
_SYMBOL = ("domain", "min", "max", "open")
_STEP = ("id", "claim", "given", "cite", "regime", "note")


def load(path: str | Path) -> Derivation:
    """Read a derivation file.

    Raises DerivationError with one line: file, key, value, what is allowed and an example.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DerivationError(f"{path}: cannot be read: {error}") from error
    if len(content) > LONGEST_BYTES:
        raise DerivationError(f"{path}: at most {LONGEST_BYTES} bytes are read; split the file")
    try:
        return loads(text.replace("\r\n", "\n"))
    except DerivationError as error:
        raise DerivationError(f"{path}: {error}") from None


def loads(text: str) -> Derivation:
    """Read a derivation from TOML text. Raises DerivationError."""
    try:
        tables = tomllib.loads(text, parse_float=_exact)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise DerivationError(f"not valid TOML: {error}") from error
    _only(tables, _TABLES, "the file", "tables such as [derivation], [symbols], [[step]]")
    head = _table(tables, "derivation", 'id = "my-lemma"')
    _only(head, _HEAD, "derivation", 'id = "my-lemma"')
    symbols = _table(tables, "symbols", 'a = { domain = "real", min = 0 }', required=False)
    definitions = _table(tables, "definitions", 'm = "floor(1/x)"', required=False)
    steps = tables.get("step")
    if not isinstance(steps, list) or not steps:
        raise DerivationError("step: at least one [[step]] with id and claim is needed")
    return Derivation(
        id=_text(head, "id", "derivation", "my-lemma"),
        source=_text(head, "source", "derivation", "Lemma 1", default=""),
        note=_text(head, "note", "derivation", "a remark", default=""),
        symbols={name: _domain(name, value) for name, value in symbols.items()},
        definitions={
            name: _text(definitions, name, "definitions", "floor(1/x)") for name in definitions
        },
        steps=tuple(_step(i, value) for i, value in enumerate(steps)),
    )


def _exact(literal: str) -> Fraction | float:
    """A TOML float as the fraction that it spells; infinities stay."""
    if literal.lstrip("+-") in ("inf", "nan"):
        return float(literal)
    if abs(int(literal.lower().partition("e")[2] or 0)) > 5000:
        raise ValueError(f"the number {literal} is too large; use at most 5000 digits")
    return Fraction(literal.replace("_", ""))


def _domain(name: str, value: Any) -> Domain:
    key = f"symbols.{name}"
    if not isinstance(value, Mapping):
        raise DerivationError(f'{key} = {value!r}: must be a table, say {{ domain = "real" }}')
    _only(value, _SYMBOL, key, 'domain = "real", min = 0, max = "n", open = true')
    open_ = value.get("open", False)
    if not isinstance(open_, bool) and open_ not in ("min", "max"):
        raise DerivationError(f"{key}.open = {open_!r}: must be true, false, 'min' or 'max'")
    return Domain(
        kind=_text(value, "domain", key, "real"),
        min=_bound(value.get("min"), f"{key}.min"),
        max=_bound(value.get("max"), f"{key}.max"),
        open=open_,
    )


def _bound(value: Any, key: str) -> int | Fraction | str | None:
    if isinstance(value, float):
        if value != value:
            raise DerivationError(f'{key} = nan: must be a number, "inf" or an expression like "n"')
        return "inf" if value > 0 else "-inf"
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, str, type(None))):
        raise DerivationError(f'{key} = {value!r}: must be a number, "inf" or an expression "n/2"')
    return value


def _step(i: int, value: Any) -> Step:
    key = f"step[{i}]"
    if not isinstance(value, Mapping):
        raise DerivationError(f"{key} = {value!r}: must be a table, [[step]] with id and claim")
    _only(value, _STEP, key, 'id = "s1", claim = "a <= b"')
    given = value.get("given", [])
    if not isinstance(given, list) or not all(isinstance(g, str) for g in given):
        raise DerivationError(f'{key}.given = {given!r}: must be a list of texts, say ["a < b"]')
    texts = {k: _text(value, k, key, "...", default="") for k in ("cite", "regime", "note")}
    return Step(
        id=_text(value, "id", key, "s1"),
        claim=_text(value, "claim", key, "a <= b"),
        given=tuple(given),
        **texts,
    )


def _table(
    tables: Mapping[str, Any], name: str, example: str, *, required: bool = True
) -> Mapping[str, Any]:
    value = tables.get(name, None if required else {})
    if not isinstance(value, Mapping):
        raise DerivationError(f"[{name}]: a table of that name is needed, say {example}")
    return value


def _text(
    table: Mapping[str, Any], name: str, key: str, example: str, *, default: str | None = None
) -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or (default is None and not value):
        raise DerivationError(f'{key}.{name} = {value!r}: must be a text, say "{example}"')
    return value


def _only(table: Mapping[str, Any], allowed: tuple[str, ...], key: str, example: str) -> None:
    for name in table:
        if name not in allowed:
            raise DerivationError(
                f"{key}: {name!r} is not known; allowed: {', '.join(allowed)}; example: {example}"
            )
