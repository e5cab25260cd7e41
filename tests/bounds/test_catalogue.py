"""The catalogue: complete, typed, monotone as stated, and honest about constants."""

from fractions import Fraction
from pathlib import Path

import pytest
from sympy import Integer, Rational

from robustsize.bounds.arithmetic import balls
from robustsize.bounds.catalogue import IDS, PAPER_IDS, RELATED_IDS, catalogue, theorem
from robustsize.bounds.evaluate import IncomparableError, Sufficiency, bound_value, choose_form
from robustsize.bounds.prover import Status, check
from robustsize.bounds.solve import solve
from robustsize.bounds.statement import Constant, FormName, Kind, Quantity, SmallestSize
from robustsize.bounds.symbols import (
    BY_SYMBOL,
    InputError,
    L,
    N,
    Norm,
    alpha,
    beta,
    c,
    d,
    delta,
    epsilon,
    k,
)
from robustsize.bounds.theorems import related
from robustsize.bounds.theorems.proofs import derivation
from robustsize.report.catalogue_page import page

ROOT = Path(__file__).parents[2]
AT = {
    d: Fraction(8),
    k: Fraction(3),
    N: Fraction(1000),
    epsilon: Fraction(1, 10),
    c: Fraction(1, 2),
    delta: Fraction(1, 100),
    beta: Fraction(1, 20),
}
OF_ID = {
    "kim2025.4.2a": {delta: AT[epsilon] / 10**9},
    "kim2025.4.2b": {delta: AT[epsilon] / 10**4},
}
"""Where a theorem's hypotheses leave AT out."""

FORMS = [(t, f) for t in catalogue() for f in t.forms]
NAMES = [f"{t.id}-{f.name.value}-{f.norms[0].value}" for t, f in FORMS]


def test_every_row_of_the_paper_has_its_file():
    files = (ROOT / "bounds" / "theorems").glob("*/statement.py")
    assert {f.parent.name.replace("_", ".") for f in files} == set(PAPER_IDS)
    assert [t.id for t in catalogue()] == list(IDS)
    assert list(related.THEOREMS) == list(RELATED_IDS)


@pytest.mark.parametrize(("theorem", "form"), FORMS, ids=NAMES)
def test_a_form_has_a_finite_value_and_says_what_it_is(theorem, form):
    value = bound_value(theorem, form, {**AT, **OF_ID.get(theorem.id, {})}, form.norms[0])
    assert value.log10 is not None
    assert value.regime
    assert value.source
    assert (value.constant is Constant.UNSPECIFIED) == value.expression.startswith("C *")
    if value.value is not None:
        assert value.constant is Constant.EXPLICIT


@pytest.mark.parametrize(("theorem", "form"), FORMS, ids=NAMES)
def test_forms_are_finite_at_extreme_parameters(theorem, form):
    extreme = {**AT, d: Fraction(10**6), epsilon: Fraction(1, 10**12), delta: Fraction(1, 10**13)}
    if theorem.id in OF_ID:
        extreme[delta] = OF_ID[theorem.id][delta] / 10**11
    value = bound_value(theorem, form, extreme, form.norms[0])
    assert value.log10 is not None
    assert abs(value.log10) < float("inf")


STEPS = {
    d: [3, 5, 9, 40, 400],
    k: [1, 2, 5, 8],
    N: [1, 10, 10**6],
    epsilon: [Fraction(1, 80), Fraction(1, 20), Fraction(1, 9), Fraction(2, 9)],
    c: [Fraction(1, 100), Fraction(1, 2), Fraction(9, 10)],
    delta: [Fraction(1, 100), Fraction(2, 100), Fraction(4, 100)],
    alpha: [0, Fraction(1, 10), Fraction(4, 10)],
    beta: [Fraction(1, 100), Fraction(1, 3)],
    L: [1, 2, 3, 10],
}


@pytest.mark.parametrize(("theorem", "form"), FORMS, ids=NAMES)
def test_forms_are_monotone_where_they_say_so(theorem, form):
    for symbols, sign in ((form.increasing, 1), (form.decreasing, -1)):
        for symbol in symbols:
            logs = [
                sign * bound_value(theorem, form, {**AT, symbol: Fraction(v)}, form.norms[0]).log10
                for v in STEPS[symbol]
            ]
            assert logs == sorted(logs), symbol


EXPLICIT = [(t, f) for t, f in FORMS if f.constant is Constant.EXPLICIT and t.id in PAPER_IDS]


def test_every_explicit_form_of_the_paper_stands_on_a_derivation():
    for t, form in EXPLICIT:
        assert form.derivations or t.id == "prop3.2", t.id


@pytest.mark.slow
@pytest.mark.parametrize("id", sorted({id for _, form in EXPLICIT for id in form.derivations}))
def test_no_step_below_an_explicit_form_is_refuted(id):
    report = check(derivation(id), budget_seconds_per_step=3)
    weak = {o.id: o.reason for o in report.outcomes if o.status is Status.REFUTED}
    assert not weak
    proved = [o for o in report.outcomes if o.status in (Status.PROVED, Status.CITED)]
    assert len(proved) > len(report.outcomes) / 2


def test_explicit_forms_at_a_point():
    """Against the formulas by hand."""
    at = {**AT, d: Fraction(20)}
    # 500 bumps of 6 * 20 + 2 parameters, and one more; or 3 * 500^2 + 2 * 500 + 1.
    assert _explicit("thm2.2", at).value == 500 * 122 + 1
    assert _explicit("thm2.2", {**at, d: Fraction(10**5)}).value == 3 * 500**2 + 2 * 500 + 1
    # length 2.02, gap 4/10 * 9/100: P = floor(2.02 sqrt(20) / (2 * 0.1897)) + 1 = 24.
    assert _explicit("thm2.2", at, Norm.TWO).value == 500 * 23 + 3 * 20 * 24 + 1
    # g = floor(1/0.1) + 1 = 11, S = floor(11^3 / 2) = 665.
    assert _explicit("thm5.5", at).value == 665 * 122 + 1
    # log2(13 / 0.05) = 8.022: 8 * 21 / 0.05 * 8.022.
    assert abs(10 ** _explicit("thm4.4", at).log10 - 26955.2) < 1
    # m = 6^7 = 279936 at d = 8: n^2 / m = 1/2 at n = 374.1.
    assert _explicit("thm4.5", AT).value == 375


@pytest.mark.parametrize(
    ("N_", "share", "d_", "points"),
    [
        (1000, Fraction(0), 20, 1000),
        (1000, Fraction(9, 10), 20, 500 * 5),
        # floor(1/(1 - rho^2)) at 1 - rho^2 = 1/25 is 25, where floats give 24 or 25.
        (1000, Fraction(24, 25), 40, 500 * 12),
        (1000, Fraction(99, 100), 20, 500 * 20),
        (1, Fraction(1, 2), 20, 1),
    ],
)
def test_points_of_thm2_3(N_, share, d_, points):
    at = {N: Fraction(N_), d: Fraction(d_), epsilon: Fraction(1, 20), delta: share / 20}
    form = theorem("thm2.3").form(FormName.EXPLICIT, Norm.TWO)
    assert balls.certain(form.expression.points, at) == points


def test_printed_projection_dimensions_exceed_the_ambient_one():
    """Theorem 5.5 asks for k~ <= d: not with the known constants, at any usual (k, d)."""
    for k_, d_ in ((13, 784), (26, 3072), (43, 12288)):
        ambient = related.baraniuk_wakin(
            Integer(k_), Integer(d_), Rational(1, 2), Integer(1), Integer(1), Rational(1, 10)
        )
        free = related.eftekhari_wakin(
            Integer(k_), Rational(1, 2), Integer(1), Integer(1), Rational(1, 10)
        )
        assert ambient > d_
        assert free > d_


@pytest.mark.parametrize("epsilon_", [Fraction(1, 3), Fraction(1, 4), Fraction(1, 7)])
@pytest.mark.parametrize("d_", [2, 5, 20, 300])
def test_lower_bounds_stay_below_the_upper_bound(d_, epsilon_):
    at = {d: Fraction(d_), epsilon: epsilon_, c: Fraction(1, 100)}
    upper = _explicit("thm3.3", at)
    assert _explicit("thm3.4", at).log10 <= upper.log10
    assert _explicit("thm4.3", at).log10 <= upper.log10


@pytest.mark.parametrize("norm", [Norm.INF])
def test_points_of_thm4_3_are_those_of_thm3_4_one_dimension_down(norm):
    def points(id):
        form = choose_form(theorem(id), norm, FormName.EXPLICIT)
        assert isinstance(form.expression, SmallestSize)
        return form.expression.points

    assert points("thm4.3").subs(d, d + 1) == points("thm3.4")


def test_theory_figures_of_the_shared_bump_size():
    at = {d: Fraction(5), epsilon: Fraction(1, 4), c: Fraction(1, 100)}
    # S = floor(3^5 / 2) = 121 cells: 121 * 12 + 4 * 5 * 3 + 1.
    assert _explicit("thm3.3", at).value == 1513
    # Depth 5, halves of 2 and 3 coordinates: 121 + 9 * 10 + 27 * 7 + 60 + 1.
    assert _explicit("thm3.3", at, name=FormName.DEEPER).value == 461
    edge = {d: Fraction(1), epsilon: Fraction(1, 40), c: Fraction(1, 5)}
    # floor(1/(2 * 4/5 * 1/40)) + 1 = 26 cells, where floats give another number.
    assert _explicit("thm3.3", edge).value == 13 * 4 + 4 * 26 + 1


def test_vacuous_is_said():
    assert _explicit("thm4.3", {d: Fraction(1), epsilon: Fraction(1, 4)}).vacuous
    assert not _explicit("thm4.3", {d: Fraction(20), epsilon: Fraction(1, 4)}).vacuous
    wide = bound_value(
        theorem("thm5.8"),
        theorem("thm5.8").forms[0],
        {d: Fraction(100), k: Fraction(1), epsilon: Fraction(1, 10)},
        Norm.INF,
    )
    assert "base" in wide.vacuous
    edge = {d: Fraction(25), k: Fraction(1), epsilon: Fraction(1, 10)}
    assert bound_value(theorem("thm5.8"), theorem("thm5.8").forms[0], edge, Norm.INF).vacuous


def test_an_unspecified_constant_is_not_compared():
    printed = choose_form(theorem("thm4.3"), Norm.INF, FormName.PRINTED)
    value = bound_value(theorem("thm4.3"), printed, AT, Norm.INF)
    with pytest.raises(IncomparableError, match="unspecified constant"):
        value.holds_against(100)
    with pytest.raises(IncomparableError, match="unspecified constant"):
        solve(theorem("thm4.3"), printed, d, 100, AT, Norm.INF)


def test_sizes_are_held_against_explicit_bounds():
    lower = _explicit("thm3.4", {**AT, d: Fraction(12)})
    assert lower.holds_against(lower.value - 1) is Sufficiency.TOO_SMALL
    assert lower.holds_against(lower.value) is Sufficiency.OPEN
    upper = _explicit("thm3.3", AT)
    assert upper.holds_against(upper.value - 1) is Sufficiency.OPEN
    assert upper.holds_against(upper.value) is Sufficiency.ENOUGH
    lipschitz = bound_value(theorem("prop3.2"), theorem("prop3.2").forms[0], AT, Norm.INF)
    assert (lipschitz.value, lipschitz.quantity) == (10, Quantity.LIPSCHITZ)
    with pytest.raises(IncomparableError, match="not a size"):
        lipschitz.holds_against(10)


@pytest.mark.parametrize("id", ["thm3.4", "thm4.3", "thm3.3"])
def test_solve_finds_the_step_where_the_bound_crosses(id):
    t = theorem(id)
    form = choose_form(t, Norm.INF, FormName.EXPLICIT)
    at = {epsilon: Fraction(1, 10), c: Fraction(1, 2)}
    found = solve(t, form, d, 10**6, at, Norm.INF)
    assert found.first == found.last + 1
    good = Sufficiency.OPEN if t.kind is Kind.LOWER else Sufficiency.ENOUGH
    verdicts = [
        bound_value(t, form, {**at, d: x}, Norm.INF).holds_against(10**6)
        for x in (found.last, found.first)
    ]
    assert verdicts[0] is good
    assert verdicts[1] is not good


def test_solve_encloses_a_real_crossing():
    t = theorem("thm4.3")
    form = choose_form(t, Norm.INF, FormName.EXPLICIT)
    found = solve(t, form, epsilon, 25_000_000, {d: Fraction(20)}, Norm.INF)
    # The bound changes where floor(1/(2 epsilon)) does, here at 1/10.
    assert found.first <= Fraction(1, 10) <= found.last
    assert found.last - found.first < Fraction(1, 10**11)


def test_solve_refuses_a_parameter_that_does_not_move_the_bound():
    t = theorem("thm4.3")
    form = choose_form(t, Norm.INF, FormName.EXPLICIT)
    with pytest.raises(InputError, match="does not depend on it"):
        solve(t, form, k, 100, AT, Norm.INF)


def test_missing_and_impossible_parameters_are_named():
    t = theorem("thm2.2")
    with pytest.raises(InputError, match="--samples"):
        bound_value(t, t.forms[0], {d: Fraction(3), delta: Fraction(1, 9)}, Norm.INF)
    with pytest.raises(InputError, match="delta < epsilon/2"):
        bound_value(t, t.forms[0], {**AT, delta: Fraction(1, 20)}, Norm.INF)
    with pytest.raises(InputError, match="depth >= 3"):
        _explicit("thm3.3", {**AT, L: Fraction(2)})
    with pytest.raises(InputError, match="no such form"):
        choose_form(theorem("lem5.6"), Norm.INF, FormName.EXPLICIT)
    with pytest.raises(InputError, match=r"did you mean thm4\.3"):
        theorem("thm43")


def test_every_parameter_of_a_form_is_an_option():
    for _, form in FORMS:
        assert set(form.needs) | set(form.optional) <= BY_SYMBOL.keys()


def test_the_generated_page_is_fresh():
    assert (ROOT / "docs" / "catalogue.md").read_text() == page()


def _explicit(id, at, norm=Norm.INF, name=FormName.EXPLICIT):
    return bound_value(theorem(id), choose_form(theorem(id), norm, name), at, norm)


@pytest.mark.parametrize(("ambient", "first"), [(50, True), (5, False)])
def test_solve_keeps_k_below_d(ambient, first):
    t = theorem("thm5.8")
    form = choose_form(t, Norm.INF, FormName.EXPLICIT)
    at = {d: Fraction(ambient), epsilon: Fraction(1, 10)}
    found = solve(t, form, k, 10**6, at, Norm.INF)
    assert found.searched == (1, ambient)
    assert (found.first is not None) == (found.last is not None) == first
