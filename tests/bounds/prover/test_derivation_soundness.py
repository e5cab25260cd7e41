"""No false statement may come out proved, whatever the engine."""

from __future__ import annotations

from time import thread_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustsize.bounds.prover import Derivation, Status, Step, check_step, integer, real
from robustsize.bounds.prover.engines import ladder
from robustsize.bounds.prover.language.grammar import Claim
from robustsize.bounds.prover.language.problem import Language

SYMBOLS = {
    "a": real(),
    "b": real(),
    "x": real(0),
    "p": real(0, open="min"),
    "u": real(0, 1),
    "w": real(0, 1, open=True),
    "z": integer(),
    "n": integer(1),
    "k": integer(1, "n"),
    "j": integer(0, 10),
    "R": real(0, 1, open="min"),
    "delta": real(0, "R", open=True),
    "tau": real(0, open=True),
    "r": real(0, "tau/2"),
    "eps": real(0, "1/2", open=True),
    "c": real(0, 1, open=True),
    "h": real(0),
}
LEMMA = Derivation("t", SYMBOLS, [])

FALSE = [
    # equality attained on the boundary or inside, claimed strict
    ("1 + a < exp(a)", []),
    ("log(1 + x) < x", []),
    ("tau - tau*sqrt(1 - 2*r/tau) < 2*r", []),
    ("(a - 1/3)**2 > 0", []),
    ("u*(1 - u) < 1/4", []),
    ("-w*log(w) - (1-w)*log(1-w) < log(2)", []),
    ("exp(a) + exp(-a) > 2", []),
    ("2**n > n**2", ["n >= 4"]),
    ("factorial(n) > n", []),
    ("abs(a) > -abs(b)", []),
    ("abs(a*b) < (a**2 + b**2)/2", []),
    ("n*(n+1)/2 < Sum(i, i, 1, n)", []),
    # margins of 1e-12
    ("(a - 1)**2 > 1e-12", []),
    ("exp(u) >= 1 + u + 1e-12", []),
    ("log2(3) < 1.584962500721", []),
    ("sqrt(2) > 1.414213562374", []),
    ("u**2 - u + 0.25 >= 1e-12", []),
    ("exp(x) > x*e + 1e-12", []),
    # huge magnitudes
    ("x < 10**30", []),
    ("p > 1e-30", []),
    ("n**2 < 10**40", []),
    ("log(p) > -100", []),
    ("exp(-x) > 1e-100", []),
    ("log(1 + x) < 50", []),
    ("x**10 <= 10**50 + x**9", []),
    # true of reals only, or of integers only
    ("a**2 >= a", []),
    ("2*a != 1", []),
    ("floor(a + b) == floor(a) + floor(b)", []),
    ("ceil(a) == floor(a) + 1", []),
    ("floor(a) < a", []),
    ("floor(1/(2*(1-c)*eps)) < 1/(2*(1-c)*eps)", []),
    # undefined inside the domain
    ("a/a == 1", []),
    ("sqrt(a)**2 == a", []),
    ("log(x) <= x", []),
    ("x*log(x) >= -1", []),
    ("log(a**2) == 2*log(a)", []),
    ("exp(log(a)) == a", []),
    ("(a**2 - 1)/(a - 1) == a + 1", []),
    ("0*log(a) == 0", []),
    ("a**n/a**n == 1", []),
    ("1/(n - 3) <= 1", []),
    ("Sum(1/(i - 5), i, 1, n) == Sum(1/(i - 5), i, 1, n)", []),
    ("factorial(z) > 0", []),
    ("gamma(a) == gamma(a)", []),
    # wrong constants, signs, directions
    ("abs(a) == (1/2)*(max(a, 0) + max(-a, 0))", []),
    ("max(a, b) == (1/2)*(abs(a+b) + abs(a-b))", []),
    ("R*R - delta**2 > 3*R*R/4 + 1e-9", ["delta < R/2"]),
    ("(2*eps - c*eps)**2 - (h + c*eps)**2 > 0", ["h <= 2*(1-c)*eps"]),
    ("(1 + 1/n)**n < 2.718", []),
    ("log(1 + 1/n) < 1/(n + 1)", []),
    ("n*log(1 + 1/n) < 1 - 1e-9", []),
    ("binomial(n, k) < n**k", []),
    ("1/p > 1/(2*p) + 1/(2*p)", []),
    ("log(1 + 1/p) - log((p + 1)/p) > 0", []),
    ("sqrt(p**2 + 1) - p > 1e-6", []),
    ("p*log(1 + 1/p) < 1 - 1e-9", []),
    ("max(a, -a) > min(a, -a)", []),
    ("floor(a) - floor(a - 1/2) >= 1", []),
    ("(2**p)**(1/p) > 2", []),
    ("(1 + 1/p)**p >= e - 1e-9", []),
    ("x**u >= u", []),
]

TRUE = [
    ("1 + a <= exp(a)", []),
    ("log(1 + x) <= x", []),
    ("tau - tau*sqrt(1 - 2*r/tau) <= 2*r", []),
    ("(a - 1/3)**2 >= 0", []),
    ("u*(1 - u) <= 1/4", []),
    ("-w*log(w) - (1-w)*log(1-w) <= log(2)", []),
    ("exp(a) + exp(-a) >= 2", []),
    ("2**n >= n**2", ["n >= 4"]),
    ("abs(a*b) <= (a**2 + b**2)/2", []),
    ("(a - 1)**2 + 1e-12 > 0", []),
    ("exp(u) >= 1 + u - 1e-12", []),
    ("log2(3) > 1.584962500721", []),
    ("log2(3) < 1.584962500722", []),
    ("z**2 >= z", []),
    ("2*z != 1", []),
    ("floor(a) + floor(b) <= floor(a + b)", []),
    ("ceil(a) < a + 1", []),
    ("1/(2*(floor(1/(2*(1-c)*eps)) + 1)) < (1-c)*eps", []),
    ("p*log(p) >= -1/e - 1e-12", []),
    ("abs(a) == max(a, 0) + max(-a, 0)", []),
    ("max(a, b) == (1/2)*(abs(a+b) + abs(a-b))", ["a >= 0", "b >= 0"]),
    ("R*R - delta**2 > 3*R*R/4", ["delta < R/2"]),
    ("(2*eps - c*eps)**2 - (h + c*eps)**2 > 0", ["h < 2*(1-c)*eps"]),
    ("(1 + 1/n)**n < e", []),
    ("log(1 + 1/n) > 1/(n + 1)", []),
    ("n*(n+1)/2 == Sum(i, i, 1, n)", []),
    ("factorial(n) >= (n/e)**n", []),
    ("binomial(n, k) == n/k*binomial(n-1, k-1)", []),
    ("k <= n", []),
    ("x**4 + 10**30 > 10**15*x**2", []),
]


def _step(claim: str, hypotheses: list[str]) -> Step:
    return Step("s", claim, hypotheses)


@pytest.mark.parametrize(("claim", "hypotheses"), FALSE)
def test_false_statements_are_refuted(claim: str, hypotheses: list[str]) -> None:
    outcome = check_step(LEMMA, _step(claim, hypotheses), budget_seconds_per_step=5)
    assert outcome.status is Status.REFUTED, outcome
    assert outcome.counterexample is not None


@pytest.mark.parametrize(("claim", "hypotheses"), FALSE)
def test_the_provers_alone_do_not_prove_them(claim: str, hypotheses: list[str]) -> None:
    assert not _provers_agree(LEMMA, _step(claim, hypotheses), seconds=0.6)


@pytest.mark.parametrize(("claim", "hypotheses"), TRUE)
def test_true_statements_are_proved(claim: str, hypotheses: list[str]) -> None:
    outcome = check_step(LEMMA, _step(claim, hypotheses), budget_seconds_per_step=30)
    assert outcome.status is Status.PROVED, outcome


def _provers_agree(derivation: Derivation, step: Step, seconds: float) -> bool:
    """Whether the proof engines, without any counterexample search, prove every part of a step."""
    language = Language(derivation)
    claim = language.claim(step.claim, "claim")
    assert isinstance(claim, Claim)
    problem = language.problem(step, claim)
    tasks = [problem.for_condition(c) for c in problem.conditions]
    tasks += [(problem.for_goals([goal]),) for goal in problem.goals]
    return not problem.meaningless and all(
        any(
            ladder.prove(way, way.goals[0], thread_time() + seconds).method is not None
            for way in ways
        )
        for ways in tasks
    )


# random statements that are false by construction

numbers = st.fractions(-4, 4, max_denominator=6).map(lambda q: f"({q})")
leaves = st.one_of(st.sampled_from(["x", "y"]), numbers)


def _grow(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(parts, parts)
    return st.one_of(
        two.map(lambda p: f"({p[0]} + {p[1]})"),
        two.map(lambda p: f"({p[0]} - {p[1]})"),
        two.map(lambda p: f"({p[0]})*({p[1]})"),
        parts.map(lambda p: f"({p})**2"),
        parts.map(lambda p: f"abs({p})"),
        parts.map(lambda p: f"exp(-({p})**2)"),
        parts.map(lambda p: f"log(1 + ({p})**2)"),
        parts.map(lambda p: f"sqrt(1 + abs({p}))"),
        parts.map(lambda p: f"floor({p})"),
        parts.map(lambda p: f"1/(1 + ({p})**2)"),
        two.map(lambda p: f"max({p[0]}, {p[1]})"),
        two.map(lambda p: f"min({p[0]}, {p[1]})"),
    )


expressions = st.recursive(leaves, _grow, max_leaves=6)
ends = st.sampled_from([None, -3, -1, 0, 1])
coordinates = st.fractions(0, 5, max_denominator=4)


def _at(text: str, x: object, y: object) -> str:
    return (
        text.replace("exp", "EXP")
        .replace("max", "MAX")
        .replace("x", f"({x})")
        .replace("y", f"({y})")
        .replace("EXP", "exp")
        .replace("MAX", "max")
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions, ends, ends, coordinates, coordinates, st.sampled_from(["<", ">", "!="]))
def test_no_expression_differs_from_its_own_value(text, low_x, low_y, away_x, away_y, op) -> None:
    x, y = (low_x or 0) + away_x, (low_y or 0) + away_y
    random = Derivation("random", {"x": real(low_x), "y": real(low_y, max=20)}, [])
    step = Step("s", f"{text} {op} {_at(text, x, y)}")
    assert not _provers_agree(random, step, seconds=0.15)


coefficients = st.lists(st.integers(-5, 5), min_size=2, max_size=3)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(coefficients, coefficients, st.fractions(-2, 2, max_denominator=5))
def test_sums_of_squares_have_the_sign_that_they_have(first, second, root) -> None:
    def polynomial(values: list[int]) -> str:
        return " + ".join(f"({c})*x**{i}" for i, c in enumerate(values))

    squares = f"({polynomial(first)})**2 + ({polynomial(second)})**2"
    random = Derivation("random", {"x": real()}, [])
    true = check_step(random, Step("s", f"{squares} >= 0"), budget_seconds_per_step=1)
    false = Step("s", f"(x - ({root}))**2*({squares}) > 0")
    assert true.status in (Status.PROVED, Status.TESTED)
    assert check_step(random, false, budget_seconds_per_step=1).status is Status.REFUTED
    assert not _provers_agree(random, false, seconds=0.3)


@pytest.mark.parametrize(
    ("domain", "given"),
    [
        (integer(1), ("L == n",)),
        (integer(1), ("L >= n/2",)),
        (integer("n"), ()),
        (integer("n", "n"), ()),
        (integer(1, "n**2"), ()),
    ],
)
def test_a_symbol_tied_to_the_moving_one_is_not_taken_as_fixed(domain, given):
    claim = Step("tied", "n*L*log(n*L) == O(n**2)", given=given, regime="n -> inf")
    tied = Derivation("tied", {"n": integer(2), "L": domain}, (claim,))
    assert check_step(tied, "tied").status is Status.UNDECIDED


def test_a_symbol_below_the_moving_one_stays_fixed():
    claim = Step("below", "n*L == O(n**2)", regime="n -> inf")
    below = Derivation("below", {"n": integer(2), "L": integer(1, "n")}, (claim,))
    assert check_step(below, "below").status is Status.PROVED
