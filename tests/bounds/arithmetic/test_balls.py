"""Ball arithmetic: the true value is inside, floors are exact, undecided is not false."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from robustsize.bounds.arithmetic import balls

x = sp.Symbol("x", positive=True)
y = sp.Symbol("y", real=True)


@pytest.mark.parametrize(
    "expression",
    [
        (2 * x) ** (-sp.Rational(19, 6)),
        sp.log(1 / x) * sp.sqrt(x),
        sp.exp(x) / sp.gamma(x + sp.Rational(5, 2)),
        sp.Max(x, 1 / x) - sp.Min(x, 1 / x),
        sp.binomial(x + 7, 3),
        sp.pi**x + sp.E,
    ],
)
@given(value=st.fractions(min_value=Fraction(1, 1000), max_value=50, max_denominator=1000))
def test_values_agree_with_mpmath(expression, value):
    ours = balls.ball(balls.certain(expression, {x: value}))
    with mpmath.workdps(40):
        theirs = sp.lambdify(x, expression, "mpmath")(
            mpmath.mpf(value.numerator) / value.denominator
        )
        # arb and mpmath use different algorithms; both are good to far more than 15 digits here.
        assert abs(float(ours.mid()) - float(theirs)) <= 1e-12 * max(1, abs(float(theirs)))


@pytest.mark.parametrize("q", [93, 99, 2, 5, 10**12])
def test_floor_is_exact_where_floats_are_not(q):
    epsilon = Fraction(1, 2 * q)
    assert balls.certain(sp.floor(1 / (2 * x)), {x: epsilon}) == q


@given(st.fractions(min_value=Fraction(1, 10**6), max_value=10**6))
def test_floor_and_ceiling_are_those_of_the_rationals(value):
    assert balls.certain(sp.floor(x), {x: value}) == value.numerator // value.denominator
    assert balls.certain(sp.ceiling(x), {x: value}) == -(-value.numerator // value.denominator)


def test_floor_of_an_irrational_is_certain():
    assert balls.certain(sp.floor(10**30 * sp.pi), {}) == 3141592653589793238462643383279


def test_perfect_roots_are_exact():
    assert balls.certain(sp.floor(3 * sp.sqrt(x)), {x: Fraction(1, 9)}) == 1


def test_an_integer_hidden_from_ball_arithmetic_is_undecided_not_wrong():
    hidden = sp.floor(sp.exp(sp.log(x)))
    with ctx.workprec(128):
        value = balls.evaluate(hidden.subs(sp.exp(sp.log(x)), y), {y: arb(2, 1e-9)})
    assert not isinstance(value, Fraction)


def test_huge_exponents_stay_finite():
    value = balls.ball(
        balls.certain((2 * x) ** (-(10**6) / sp.Integer(6)), {x: Fraction(1, 10**12)})
    )
    assert value.is_finite()
    assert value.log() / arb(10).log() > 1_900_000


@pytest.mark.parametrize("expression", [sp.log(y), 1 / y, y ** sp.Rational(-1, 2)])
def test_undefined_is_an_error_not_a_number(expression):
    with pytest.raises(ArithmeticError):
        balls.certain(expression, {y: Fraction(0)})


def test_comparison_is_three_valued():
    assert balls.is_less(arb(0, 1), arb(3)) is True
    assert balls.is_less(arb(3), arb(0, 1)) is False
    assert balls.is_less(arb(0, 2), arb(1)) is None
    assert balls.is_less(Fraction(1), Fraction(1)) is False
    assert balls.is_less(Fraction(1), Fraction(1), or_equal=True) is True


def test_a_sum_is_evaluated_term_by_term():
    i = sp.Symbol("i", integer=True)
    total = sp.Sum(sp.binomial(10, i), (i, 0, sp.floor(y)))
    assert balls.certain(total, {y: Fraction(11, 2)}) == 638
