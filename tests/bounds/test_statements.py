"""What is stated holds: domains at every door, vacuity by its convention, rounding, solving."""

import json
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.arithmetic.decimals import magnitude, number
from robustsize.bounds.catalogue import catalogue, theorem
from robustsize.bounds.counting import construction_size
from robustsize.bounds.evaluate import Sufficiency, bound_value, choose_form, says_nothing
from robustsize.bounds.solve import solve
from robustsize.bounds.statement import ANY_FAMILY, ON_BALL, ON_CUBE, FormName, Kind
from robustsize.bounds.symbols import (
    BY_OPTION,
    InputError,
    L,
    N,
    Norm,
    alpha,
    c,
    checked,
    d,
    delta,
    epsilon,
    k,
)
from robustsize.cli import cli
from robustsize.report.table1 import table1, table1_json
from robustsize.simulate.construct.request import Request
from robustsize.simulate.experiment.model import Setting
from robustsize.simulate.networks.network import Network
from robustsize.simulate.theorems.catalogue import EXPERIMENTS


def explicit(id, at, norm=Norm.INF):
    form = choose_form(theorem(id), norm, FormName.EXPLICIT)
    return bound_value(theorem(id), form, at, norm)


def run(line):
    return CliRunner().invoke(cli, line.split())


# Domains.


def test_a_float_is_its_decimal_text():
    at = {d: 20, epsilon: 0.1, c: 0.5}
    exact = {d: Fraction(20), epsilon: Fraction(1, 10), c: Fraction(1, 2)}
    assert explicit("thm3.3", at) == explicit("thm3.3", exact)
    assert checked({d: np.int64(3), epsilon: np.float64(0.1), c: sp.Rational(1, 3), k: "2"}) == {
        d: 3, epsilon: Fraction(1, 10), c: Fraction(1, 3), k: 2
    }  # fmt: skip
    assert construction_size.cells_an_axis(0.1, 0.5) == 11


DOORS = [
    lambda at: explicit("thm3.3", {d: 3, epsilon: 0.1, c: 0.5, **at}),
    lambda at: solve(
        theorem("thm3.3"),
        theorem("thm3.3").forms[2],
        d,
        100,
        {epsilon: 0.1, c: 0.5, **at},
        Norm.INF,
    ),
    lambda at: table1([{d: 3, epsilon: 0.1, **at}], Norm.INF),
    lambda at: table1_json([{d: 3, epsilon: 0.1, **at}], Norm.INF),
    lambda at: Request({d: 3, epsilon: 0.1, **at}, Norm.INF, None, 0),
    lambda at: Setting(axes={s: (v,) for s, v in at.items()}, seeds=1),
    lambda at: [
        construction_size.cells_an_axis_l2(at.get(epsilon, 0.1), at.get(c, 0.5), at.get(d, 2))
    ],
]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "at", [{d: -3}, {d: 2.5}, {epsilon: 7}, {epsilon: 0.5}, {c: 1.0}, {epsilon: float("nan")},
           {epsilon: "x"}, {d: True}, {epsilon: 0.1 + 0j}, {epsilon: None}]
)  # fmt: skip
def test_a_value_outside_its_domain_is_refused_at_every_door(door, at):
    with pytest.raises(InputError, match="for example"):
        door(at)


def test_other_keys_and_other_norms_are_refused():
    with pytest.raises(InputError, match="is no parameter"):
        explicit("thm3.4", {sp.Symbol("d"): 3, epsilon: 0.1})
    with pytest.raises(InputError, match="is for --p inf"):
        bound_value(theorem("thm5.5"), theorem("thm5.5").forms[1], {d: 3}, Norm.TWO)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("shared_bump_size", (1.5, 2, 3)),
        ("hard_bump_size", (1, 0, 3)),
        ("staircase_size", (-1, 2, 3)),
        ("pieces_an_axis", (-1, 2, 1)),
        ("centres_inside_gap", (0.7, 0.1)),
        ("covered_size", (float("inf"), 2)),
    ],
)
def test_sizes_of_constructions_take_numbers_of_their_domains_only(name, arguments):
    with pytest.raises(InputError, match="must be"):
        getattr(construction_size, name)(*arguments)


def test_an_unused_parameter_changes_nothing():
    plain = explicit("thm3.4", {d: 2, epsilon: 0.1})
    assert explicit("thm3.4", {d: 2, epsilon: 0.1, k: 3}) == plain
    with pytest.raises(InputError, match="1 <= k <= d"):
        explicit("thm5.5", {d: 2, k: 3, epsilon: 0.1, c: 0.5})


# Scopes.


@pytest.mark.parametrize("id", ["thm5.5", "thm5.8"])
def test_explicit_forms_on_a_flat_cube_say_so_wherever_they_are_shown(id):
    at = "--d 20 --k 1 --epsilon 0.1 --c 0.5"
    shown = [run(line).stdout for line in (f"bound {id} {at}", f"table {at}", f"show {id}", "list")]
    assert all("explicit, flat k-cube" in text or "for a flat k-cube" in text for text in shown)
    row = json.loads(run(f"bound {id} {at} --json").stdout)
    assert row["scope"] == "flat k-cube"
    assert any("k-dimensional face" in text for text in row["hypotheses"])


def test_a_curve_through_all_grid_points_is_no_flat_cube():
    """It has k = 1, and holds the K^d points of Theorem 3.4: its size is theirs."""
    at = {d: 20, k: 1, epsilon: 0.1, c: 0.5}
    assert explicit("thm5.5", at).value == 611 < explicit("thm3.4", at).value
    (form,) = [f for f in theorem("thm5.5").forms if f.name is FormName.EXPLICIT]
    assert form.scope
    assert "curve" in " ".join(form.notes)


# Vacuity: a label y is met where y f(x) > 0.


def test_what_is_trivial_on_the_cube_and_on_the_ball():
    line = Network.of([([[-1.0]], [0.0])])
    on_cube = {np.sign(line([[x]])[0]) for x in (0.0, 0.5, 1.0)}
    assert line.size == 1
    assert {1.0, -1.0} - on_cube  # the value 0 meets neither label
    assert {np.sign(line([[x]])[0]) for x in (-1.0, 1.0)} == {1.0, -1.0}
    step = Network.of([([[-1.0]], [0.5])])
    assert step.size == ON_CUBE.value == ON_BALL.value + 1
    assert {np.sign(step([[x]])[0]) for x in (0.0, 1.0)} == {1.0, -1.0}
    assert says_nothing(2, ON_CUBE)
    assert not says_nothing(3, ON_CUBE)
    assert not says_nothing(2, ON_BALL)
    assert not says_nothing(2, ANY_FAMILY)


def test_vacuity_is_decided_by_the_theorem():
    small = {d: 3, epsilon: 0.3}
    assert explicit("thm3.4", small).value <= 2
    assert "0 meets neither" in explicit("thm3.4", small).vacuous
    two = {N: 7, d: 2, epsilon: 0.02, delta: 0}
    while explicit("thm2.3", two, Norm.TWO).value < 2:
        two[N] += 1
    assert explicit("thm2.3", two, Norm.TWO).vacuous is None


# Rounding.


@given(st.fractions(Fraction(1, 10**9), 10**12), st.booleans())
def test_a_number_is_rounded_to_the_side_on_which_it_holds(value, up):
    shown = Fraction(Decimal(number(value, up=up)))
    assert shown >= value if up else shown <= value
    assert abs(shown - value) <= value / 1000


@given(st.floats(-300, 300), st.booleans())
def test_a_magnitude_is_rounded_to_the_side_on_which_it_holds(log10, up):
    shown = balls.ball(Fraction(Decimal(magnitude(log10, up=up)))).log() / balls.ball(10).log()
    assert shown >= log10 - 1e-15 * abs(log10) if up else shown <= log10 + 1e-15 * abs(log10)
    assert abs(shown - log10) < 1e-3


def test_the_edges_of_a_mantissa():
    assert magnitude(9.99999999, up=True) == "1.000e+10"
    assert magnitude(9.99999999, up=False) == "9.999e+9"
    assert magnitude(5e12, up=False).endswith("e+5000000000000")


@given(st.fractions(Fraction(-10), 10) | st.integers(-(10**40), 10**40))
def test_floats_on_either_side(value):
    assert balls.float_below(value) <= value <= balls.float_above(value)
    near = float(value)
    assert balls.float_above(value) - balls.float_below(value) <= 4 * abs(near) * 2**-52


def test_shown_bounds_hold():
    """At d = 784, epsilon = 1/4 the lower bound is 1.24185e187."""
    at = {d: 784, epsilon: 0.25}
    exact = explicit("thm4.3", at)
    shown = run("bound thm4.3 --d 784 --epsilon 0.25").stdout
    assert ">= 1.241e+187" in shown
    assert exact.log10 > 187.094
    for line in ("bound thm3.3 --d 30 --epsilon 0.1 --c 0.5", "bound thm4.4 --d 20 --beta 0.05 "
                 "--delta 0.01", "bound prop3.2 --epsilon 0.3"):  # fmt: skip
        text = run(line).stdout
        shown = Fraction(Decimal(re.search(r"[<>]= (\S+)", text)[1]))
        id, *options = line.split()[1:]
        given = zip(options[::2], options[1::2], strict=True)
        at = checked({BY_OPTION[option].symbol: value for option, value in given})
        form = choose_form(theorem(id), Norm.INF)
        assert balls.is_less(balls.certain(form.expression, at), shown, or_equal=True)


def test_a_size_is_held_against_logarithms_on_the_safe_side():
    lower = explicit("thm3.4", {d: 100, epsilon: 0.25})
    assert lower.value is None
    at = int(10**14 * 10 ** (lower.log10 - 14))
    assert lower.holds_against(at - at // 10**10) is Sufficiency.TOO_SMALL
    assert lower.holds_against(at + at // 10**10) is Sufficiency.OPEN


# Solving.


SOLVED = [
    ("thm4.3", Norm.INF, d, 25_000_000, {epsilon: 0.1}),
    ("thm3.4", Norm.INF, epsilon, 12, {d: 1, alpha: 0.4}),
    ("thm3.4", Norm.INF, d, 3, {epsilon: 0.4, alpha: "49/100"}),
    ("thm3.4", Norm.INF, L, 250, {d: 9, epsilon: 0.25}),
    ("thm5.5", Norm.INF, d, 10**6, {k: 3, epsilon: 0.1, c: 0.5}),
    ("thm5.5", Norm.INF, k, 1000, {d: 3, epsilon: 0.1, c: 0.5}),
    ("thm2.2", Norm.TWO, delta, 300, {d: 4, epsilon: 0.2, N: 10}),
    ("thm2.2", Norm.TWO, epsilon, 300, {d: 4, delta: 0.2, N: 10}),
    ("thm3.3", Norm.INF, c, 10**5, {d: 3, epsilon: 0.1}),
]


@pytest.mark.parametrize(("id", "norm", "symbol", "size", "at"), SOLVED)
def test_what_solve_says_holds_at_the_values_it_names(id, norm, symbol, size, at):
    t = theorem(id)
    form = choose_form(t, norm, FormName.EXPLICIT)
    found = solve(t, form, symbol, size, at, norm)
    last, first = (
        bound_value(t, form, {**at, symbol: v}, norm).holds_against(size)
        for v in (found.last, found.first)
    )
    assert (last, first) == {
        Kind.LOWER: (Sufficiency.OPEN, Sufficiency.TOO_SMALL),
        Kind.UPPER: (Sufficiency.ENOUGH, Sufficiency.OPEN),
    }[t.kind]
    if found.last.denominator == found.first.denominator == 1:
        assert abs(found.last - found.first) == 1
    # The values in the sentence are the exact ones.
    named = [Fraction(v.replace(",", "")) for v in re.findall(r" = (\S+) ", found.meaning)]
    assert named == [found.first, found.last]


def test_no_edge_of_the_search_is_an_answer():
    t = theorem("thm4.3")
    form = choose_form(t, Norm.INF, FormName.EXPLICIT)
    for at, size in (({d: 1}, 100), ({d: 400}, 1)):
        found = solve(t, form, epsilon, size, at, Norm.INF)
        assert (found.last, found.first) == (None, None)
        assert found.meaning.startswith("nothing was found from epsilon = ")
    row = json.loads(run("solve thm5.8 --for k --d 5 --epsilon 0.1 --size 1e6 --json").stdout)
    assert row["last"] is row["first"] is None
    assert row["searched"] == [1, 5]


def test_thm3_4_is_not_monotone_in_epsilon_for_positive_alpha():
    at = {d: 1, alpha: Fraction(1, 10)}
    values = [explicit("thm3.4", {**at, epsilon: Fraction(1, q)}).value for q in (656, 658)]
    assert values == [13, 12]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("solve thm4.3 --for k --size 5 --d 3 --epsilon 0.1", "does not depend on it"),
        ("solve thm4.3 --for c --size 5 --d 3 --epsilon 0.1", "does not depend on it"),
        ("solve thm2.3 --for d --p 2 --size 5 --samples 9 --epsilon 0.1 --delta 0.05",
         "not known to be monotone"),
        ("solve yu2024 --for d --size 5 --samples 9", "no form without such a constant"),
        ("solve lem5.6 --for d --size 5", "no form without such a constant"),
        ("solve thm3.3 --for d --form printed --size 5 --epsilon 0.1 --c 0.5", "--form explicit"),
        ("solve thm2.2 --for delta --p 2 --d 4 --samples 9 --size 300", "needs --epsilon"),
    ],
)  # fmt: skip
def test_a_refusal_to_solve_says_what_is_true(line, words):
    result = run(line)
    assert result.exit_code == 2
    assert words in result.stderr


def test_an_unused_k_does_not_stop_solve():
    for id in ("thm3.4", "thm4.5"):
        asked = f"solve {id} --for d --size 1e5 --epsilon 0.1"
        assert run(f"{asked} --k 3").stdout == run(asked).stdout != ""


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_solve_is_right_or_refuses_wherever_it_is_asked(data):
    """Whatever form, norm, parameter and size: the claim holds at the values that are named."""
    choices = [
        (t, f, p, s)
        for t in catalogue()
        for f in t.forms
        if f.constant.value == "explicit" and t.quantity.name == "SIZE"
        for p in f.norms
        for s in dict.fromkeys((*f.increasing, *f.decreasing))
    ]
    t, form, norm, symbol = data.draw(st.sampled_from(choices))
    size = data.draw(st.integers(1, 10) | st.integers(1, 10**9))
    at = {
        d: data.draw(st.integers(1, 9)),
        k: data.draw(st.integers(1, 9)),
        N: data.draw(st.integers(1, 100)),
        epsilon: data.draw(st.fractions(Fraction(1, 50), Fraction(24, 50), max_denominator=60)),
        c: data.draw(st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=60)),
        delta: data.draw(st.fractions(0, Fraction(1, 2), max_denominator=60)),
        alpha: data.draw(st.just(0) | st.fractions(0, Fraction(24, 50), max_denominator=60)),
    }
    at.pop(symbol, None)
    try:
        found = solve(t, form, symbol, size, at, norm)
    except InputError:
        return
    good = Sufficiency.OPEN if t.kind is Kind.LOWER else Sufficiency.ENOUGH

    def suffices(value):
        there = bound_value(t, form, {**at, symbol: value}, norm)
        return there.holds_against(size) is good

    if found.last is None:
        assert suffices(found.searched[0]) == suffices(found.searched[1])
    else:
        assert suffices(found.last)
        assert not suffices(found.first)


def test_a_setting_names_its_options():
    (probe,) = [probe for probe in EXPERIMENTS if probe.id == "thm2.2"]
    assert probe.quick.given(epsilon, c, delta) == "--epsilon 1/16 --delta 1/32,7/128"
