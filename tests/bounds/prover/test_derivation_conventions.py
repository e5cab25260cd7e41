"""Claims that lie near the edge of a convention: each must be read as docs/derivations.md says."""

from __future__ import annotations

import pytest

from robustsize.bounds.prover import DerivationError, Status, check, loads

SYMBOLS = """
n = { domain = "integer", min = 1 }
z = { domain = "integer" }
a = { domain = "real" }
x = { domain = "real", min = 0 }
y = { domain = "real", min = 0 }
t = { domain = "real", min = 0, max = 1, open = true }
"""
WHOLE = 'n = { domain = "integer", min = 1, max = 100 }'
AWAY = 'x = { domain = "real", min = 0.25, max = 1 }'


def _status(claim: str, more: str = "", symbols: str = SYMBOLS, seconds: float = 5) -> Status:
    text = f'[derivation]\nid = "t"\n[symbols]\n{symbols}\n[[step]]\nid = "s"\nclaim = "{claim}"\n'
    report = check(loads(text + more), budget_seconds_per_step=seconds)
    return report.status


def _definitions(**texts: str) -> str:
    return "[definitions]\n" + "\n".join(f'{name} = "{text}"' for name, text in texts.items())


FALSE = [
    ("Sum(Sum(1, j, 1, 2), i, 1, n) == 2", ""),
    ("Sum(Sum(j, j, 1, i), i, 1, n) == n", ""),
    ("Sum(S, i, 1, n) == 6", _definitions(S="Sum(j, j, 1, 3)")),
    ("Sum(S, i, 1, 2) == 3", _definitions(S="Sum(i, i, 1, 3)")),
    ("Sum(i, i, 1, n) == n*(n-1)/2", ""),
    ("Sum(i + S - S, i, 1, 3) == 6", _definitions(S="Sum(1/(i - 5), i, 1, 100)")),
    ("Sum(0*S, i, 1, 3) == 0", _definitions(S="Sum(log(i), i, 0, 2)")),
    ("Sum(Sum(1/(i - j), j, 4, 5), i, 1, 4) <= 10**9", ""),
    ("log(log(a + 1) + 1/2)**2 >= 0", 'given = ["-0.9 <= a", "a <= 10"]'),
    ("a**t >= 0", ""),
    ("x**(-t) >= 0", ""),
    ("x**(t - 1/2) >= 0", ""),
    ("(-1)**(n*(n+1)/4) <= 1", ""),
    ("binomial(z, 2) >= 0", ""),
    ("factorial(a) > 0", ""),
    ("sqrt(x*y) < (x + y)/2", ""),
    ("0.1 + 0.2 != 0.3", ""),
    ("floor(log2(8)) < 3", ""),
    ("Sum(i, i, 3, 1) != 0", ""),
    ("pi < 3.14159265358979323846264338327", ""),
    ("1 < 2 > 2", ""),
]

TRUE = [
    ("Sum(Sum(1, j, 1, 2), i, 1, n) == 2*n", ""),
    ("Sum(S, i, 1, n) == 6*n", _definitions(S="Sum(j, j, 1, 3)")),
    ("Sum(S, i, 1, 2) == 12", _definitions(S="Sum(i, i, 1, 3)")),
    ("Sum(i, i, 1, n) == Sum(j, j, 1, n)", ""),
    ("Sum(Sum(i*j, j, 1, i), i, 1, 3) == 25", ""),
    ("x**(1-t) <= max(1, x)", ""),
    ("0 <= x**t", ""),
    ("0**t == 0", ""),
    ("0**0 == 1", ""),
    ("x**0 == 1", ""),
    ("(-1)**(n*(n+1)/2) <= 1", 'given = ["n <= 50"]'),
    ("binomial(n*(n+1)/2, 2) >= 0", ""),
    ("sqrt(x*y) <= (x + y)/2", ""),
    ("0.1 + 0.2 == 0.3", ""),
    ("floor(log2(8)) == 3", ""),
    ("Sum(i, i, 3, 1) == 0", ""),
    ("pi > 3.14159265358979323846264338327", ""),
    ("2^3 == 2**3 == 8 < 9", ""),
    ("-2**2 == -4", ""),
]


@pytest.mark.parametrize(("claim", "more"), FALSE)
def test_false_claims_are_refuted(claim: str, more: str) -> None:
    assert _status(claim, _arranged(more)) is Status.REFUTED


@pytest.mark.parametrize(("claim", "more"), TRUE)
def test_true_claims_are_not_refuted(claim: str, more: str) -> None:
    assert _status(claim, _arranged(more)) in (Status.PROVED, Status.TESTED)


def _arranged(more: str) -> str:
    return f"\n{more}\n"


@pytest.mark.parametrize(
    ("symbols", "true", "false"),
    [
        (
            'y = { domain = "real" }\nx = { domain = "real", min = "-y", max = "y" }',
            "y >= 0",
            "y > 0",
        ),
        (
            'n = { domain = "integer" }\nL = { domain = "integer", min = 1, max = "n" }',
            "n >= 1",
            "n > 1",
        ),
        (
            'y = { domain = "real" }\nk = { domain = "integer", min = "y", max = "1 - y" }',
            "y <= 1/2",
            "y < 0",
        ),
        (
            'a = { domain = "real" }\nb = { domain = "real", min = "a", max = 3 }\n'
            'c = { domain = "real", min = "b", max = 2 }',
            "a <= 2",
            "a < 2",
        ),
    ],
)
def test_a_point_where_another_symbol_has_no_room_is_outside(
    symbols: str, true: str, false: str
) -> None:
    assert _status(true, symbols=symbols) is Status.PROVED
    assert _status(false, symbols=symbols) is Status.REFUTED


@pytest.mark.parametrize(
    ("claim", "column"),
    [
        ("Sum(2 i, i, 1, n) == 2*n", 7),
        ("Sum((i)(i), i, 1, n) == n", 8),
        ("Sum(1 ~ 5 == 3, i, 1, n) == n", 7),
        ("Sum(i, i, 1, n) 2 == n", 17),
        ("x\u00b2 > 0", 1),
        ("\u00b2 > 0", 1),
        ("x > \u0663", 5),
        ("010 == 10", 1),
        ("x ** > 0", 6),
        ("x < y == O(1)", 10),
        ("x ~ y ~ 1", 7),
        ("limit(x) == 1 == 1", 15),
        ("x == O(1) + 1", 11),
        ("x =< 1", 3),
        ("x\u00a0> 0", 2),
    ],
)
def test_text_is_read_whole_or_refused_with_its_column(claim: str, column: int) -> None:
    more = '\nregime = "x -> inf"\n'
    with pytest.raises(DerivationError, match=f"column {column}:"):
        _status(claim, more)


@pytest.mark.parametrize(
    ("symbols", "claim", "regime", "words"),
    [
        (WHOLE, "n**2 == O(n)", "n -> inf", "does not reach"),
        (WHOLE, "n**2 == O(n)", "n -> -inf", "does not reach"),
        (WHOLE, "n == O(1)", "n -> 3+", "does not reach"),
        (AWAY, "exp(1/x) == O(1)", "x -> 0+", "does not reach"),
        (AWAY, "x == O(1)", "x -> 1+", "does not reach"),
        (SYMBOLS, "limit(n) == n", "n -> inf", "must not hold n"),
        (SYMBOLS, "limit(x) == 0", "x -> 1/0", "is no number"),
        (SYMBOLS, "x == O(1)", "x -> \u0663", "needs the symbol"),
    ],
)
def test_a_regime_that_means_nothing_is_refused(symbols, claim, regime, words) -> None:
    with pytest.raises(DerivationError, match=words):
        _status(claim, f'regime = "{regime}"\n', symbols)


@pytest.mark.parametrize(
    ("claim", "given"),
    [("2**n == O(1)", "n == 3"), ("n**2 == O(n)", "n <= 30"), ("n == O(1)", "1/n >= 1/1000")],
)
def test_a_regime_that_the_hypotheses_never_reach_proves_nothing(claim: str, given: str) -> None:
    more = f'given = ["{given}"]\nregime = "n -> inf"\n'
    assert _status(claim, more) is Status.UNDECIDED


def test_hypotheses_that_hold_in_the_regime_do_no_harm() -> None:
    more = 'given = ["n >= 30"]\nregime = "n -> inf"\n'
    assert _status("n == O(n**2)", more, seconds=20) is Status.PROVED


@pytest.mark.parametrize("bound", ["1/0", "log(0)", "0/0", "sqrt(-1)"])
def test_a_bound_without_a_value_is_refused(bound: str) -> None:
    with pytest.raises(DerivationError, match="has no value"):
        _status("x > 0", symbols=f'x = {{ domain = "real", min = "{bound}" }}')


def test_a_point_where_the_bound_of_another_symbol_has_no_value_is_outside() -> None:
    symbols = 'x = { domain = "real" }\nk = { domain = "real", min = "log(x)" }'
    assert _status("x > 0", symbols=symbols) in (Status.PROVED, Status.TESTED)
    assert _status("x > 1", symbols=symbols) is Status.REFUTED
