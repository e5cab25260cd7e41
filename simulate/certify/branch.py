"""Branch and bound over a ball: nodes, their bounds, their splits, one worker's share of a search.

A node is a box in the input, bounds of every hidden unit's pre-activation, and the units whose sign
was decided by a split; its region is the part of box and ball where those signs hold. A node
without undecided units is a leaf: f is linear on its region. Each node has a number, and carries
the multipliers that gave its lower bound: what the checker needs to know of it.
"""

from __future__ import annotations

import numpy as np

from robustsize.simulate.certify.ball import Ball
from robustsize.simulate.certify.compiled import compiled, inner
from robustsize.simulate.certify.polytope import least_under, least_value
from robustsize.simulate.certify.relaxation import (
    FlatNetwork,
    Floats,
    affine_piece,
    evaluate,
    hidden_bounds,
    output_bound,
    workspace,
)

LOWER, BRANCH, NUMBER, MULTIPLIER, EMPTY, BOX = 0, 1, 2, 3, 4, 5
LEAF, WHOLE = -1.0, -2.0
_SMALLEST_SHARE = 2.0**-30
_ACTIVATION_BIAS = 0.4
_CUTS, _LEAF_CUTS = 6, 100
_DESCEND_EVERY = 8
_DESCENT_STEPS, _SHORTEST_STEP, _SHRINK = 16, 0.01, 0.25
STACK, _LEAVES, _ROWS = 64, 64, 64
_ANY = np.finfo(np.float64).max


def whole_ball(ball: Ball) -> Floats:
    """The node of the whole region, nothing yet known of it; shape (1, length of a node)."""
    return afresh(ball, 0, ball.lower, ball.upper, np.zeros(len(ball.reach)))[None]


def afresh(ball: Ball, number: int, low: Floats, high: Floats, split: Floats) -> Floats:
    """A node of a known box and known signs, nothing else yet known of it."""
    zl = np.where(split > 0, 0.0, -ball.reach)
    zu = np.where(split < 0, 0.0, ball.reach)
    start = (-np.inf, WHOLE, number, 0.0, 0.0)
    return np.concatenate([start, low, high, zl, zu, split, np.zeros(len(split))])


def relaxed(net: FlatNetwork, ball: Ball) -> Floats:
    """The node of the whole region, bounded by the linear relaxation alone."""
    best = np.append(np.inf, ball.centre)
    left, *_ = run_stack(net, ball, whole_ball(ball), best, np.inf, -np.inf, _ANY, 1)
    node: Floats = left[0]
    return node


def node_parts(node: Floats, d: int) -> tuple[Floats, ...]:
    """A node's box lo, hi, bounds zl, zu of its pre-activations, splits (-1, 0, +1), multipliers.

    Before them come its lower bound, its branch, its number, the ball's multiplier, and whether it
    is empty.
    """
    units = (len(node) - BOX - 2 * d) // 4
    parts: tuple[Floats, ...] = _parts(node, d, units)
    return parts


@compiled
def _parts(node, d, units):  # type: ignore[no-untyped-def]
    """Views of a node: lo, hi, zl, zu, split, beta."""
    at = BOX + 2 * d
    return (
        node[BOX : BOX + d],
        node[BOX + d : at],
        node[at : at + units],
        node[at + units : at + 2 * units],
        node[at + 2 * units : at + 3 * units],
        node[at + 3 * units : at + 4 * units],
    )


@inner
def _shrink_to_ball(ball, lo, hi):  # type: ignore[no-untyped-def]
    """Cut the box down to the part that can meet the ball; False where there is none."""
    d = len(lo)
    far = 0.0
    gaps = np.empty(d)
    for i in range(d):
        gap = max(lo[i] - ball.centre[i], ball.centre[i] - hi[i])
        gaps[i] = max(gap - 1e-14 * ball.magnitude[i], 0.0)
        far += gaps[i] * gaps[i]
    room = (ball.radius * ball.radius + far) * 1e-13 + ball.radius * ball.radius - far
    if room < 0.0:
        return False
    for i in range(d):
        reach = np.sqrt(room + gaps[i] * gaps[i]) * (1.0 + 1e-13) + 1e-14 * ball.magnitude[i]
        lo[i] = max(lo[i], ball.centre[i] - reach)
        hi[i] = min(hi[i], ball.centre[i] + reach)
        if lo[i] > hi[i]:
            return False
    return True


@inner
def _halfspaces(ball, split, work, rows, errors):  # type: ignore[no-untyped-def]
    """The linear inequalities that the node's splits imply; returns how many."""
    count, d = 0, rows.shape[1] - 1
    for unit in range(len(split)):
        if split[unit] != 0.0:
            for i in range(d + 1):
                if split[unit] > 0.0:
                    rows[count, i] = work.above[unit, i]
                else:
                    rows[count, i] = -work.below[unit, i]
            errors[count] = ball.error[unit]
            count += 1
    return count


@inner
def _choose_branch(ball, lo, hi, zl, zu, work):  # type: ignore[no-untyped-def]
    """An input (i) or a unit (d + unit) to split on, or LEAF.

    A unit's relaxation costs the bound at most its gap times its coefficient; splitting the unit
    removes that, halving input i lessens it by that input's share of the unit's spread.
    """
    d = len(lo)
    gain = np.zeros(d)
    best_unit, most = -1, -1.0
    for unit in range(len(zl)):
        if zl[unit] < 0.0 and zu[unit] > 0.0:
            a = work.coefficient[unit]
            cost = a * min(-zl[unit], zu[unit]) if a > 0.0 else -a * work.upper_shift[unit]
            if cost > most:
                best_unit, most = unit, cost
            per_spread = 0.25 * cost / (zu[unit] - zl[unit])
            for i in range(d):
                slope = abs(work.below[unit, i]) + abs(work.above[unit, i])
                gain[i] += per_spread * slope * (hi[i] - lo[i])
    if best_unit < 0:
        return LEAF
    best_input = 0
    for i in range(1, d):
        if gain[i] > gain[best_input]:
            best_input = i
    width = hi[best_input] - lo[best_input]
    divisible = width > _SMALLEST_SHARE * (ball.upper[best_input] - ball.lower[best_input])
    if divisible and gain[best_input] > _ACTIVATION_BIAS * most:
        return float(best_input)
    return float(d + best_unit)


@inner
def bound_node(net, ball, node, cutoff, work, rows, errors):  # type: ignore[no-untyped-def]
    """Tighten a node's bounds, its lower bound of sign * f among them, and choose its branch.

    The lower bound becomes +inf where the region is empty. work.point receives a minimiser of the
    relaxation.
    """
    d, units = net.sizes[0], net.first[len(net.sizes) - 1]
    lo, hi, zl, zu, split, beta = _parts(node, d, units)
    error = ball.error[units]
    work.point[:] = 0.5 * (lo + hi)
    if (ball.euclidean and not _shrink_to_ball(ball, lo, hi)) or not hidden_bounds(
        net, ball, lo, hi, zl, zu, split, work
    ):
        node[LOWER], node[EMPTY] = np.inf, 1.0
        return
    output_bound(net, ball, zl, zu, work)
    value, off, t = least_value(ball, work.gradient, lo, hi, work.point)
    if value - off - error > node[LOWER]:
        node[LOWER], node[MULTIPLIER] = value - off - error, t
        beta[:] = 0.0
    if node[LOWER] > cutoff:
        return
    node[BRANCH] = _choose_branch(ball, lo, hi, zl, zu, work)
    count = _halfspaces(ball, split, work, rows, errors)
    if count:
        cuts = _LEAF_CUTS if node[BRANCH] == LEAF else _CUTS
        value = least_under(
            ball,
            work.gradient,
            lo,
            hi,
            rows,
            count,
            errors,
            cuts,
            work.point,
            value - off,
            work.kept,
        )
        if value - 2.0 * error > node[LOWER]:
            node[LOWER], node[MULTIPLIER] = value - 2.0 * error, work.kept[0]
            node[EMPTY] = 1.0 if value == np.inf else 0.0
            count = 0
            for unit in range(units):
                beta[unit] = 0.0
                if split[unit] != 0.0:
                    count += 1
                    beta[unit] = work.kept[count]


@inner
def _split(node, child, upper_half, d, units):  # type: ignore[no-untyped-def]
    """Copy one half of a node, or a whole ball as it is."""
    child[:] = node
    if node[BRANCH] == WHOLE:
        return
    lo, hi, zl, zu, split, _ = _parts(child, d, units)
    branch = int(node[BRANCH])
    if branch < d:
        middle = 0.5 * (lo[branch] + hi[branch])
        if upper_half:
            lo[branch] = middle
        else:
            hi[branch] = middle
    elif upper_half:
        zl[branch - d] = 0.0
        split[branch - d] = 1.0
    else:
        zu[branch - d] = 0.0
        split[branch - d] = -1.0


@inner
def _pull_inside(ball, x):  # type: ignore[no-untyped-def]
    """Move x into the exact ball, as its inner box and inner radius describe it."""
    for i in range(len(x)):
        x[i] = min(max(x[i], ball.inner_lower[i]), ball.inner_upper[i])
    if ball.euclidean:
        square = 0.0
        for i in range(len(x)):
            square += (x[i] - ball.centre[i]) ** 2
        if square > ball.inner_radius**2:
            scale = ball.inner_radius / np.sqrt(square)
            for i in range(len(x)):
                x[i] = ball.centre[i] + (x[i] - ball.centre[i]) * scale


@inner
def _try_point(net, ball, best, work):  # type: ignore[no-untyped-def]
    """Value at work.point, pulled inside; best = (value, x...) is kept up to date."""
    _pull_inside(ball, work.point)
    value = evaluate(net, ball.sign, work.point, work)
    if value < best[0]:
        best[0] = value
        best[1:] = work.point
    return value


@inner
def _descend(net, ball, value, best, stop_at, work):  # type: ignore[no-untyped-def]
    """From work.point, of `value`, step along signed (p = inf) or normed (p = 2) gradients.

    Steps begin at the ball's diameter and shrink where they do not descend. Updates best, ends
    where best[0] <= stop_at.
    """
    d = net.sizes[0]
    step, norm, moved = 2.0 * ball.radius, 0.0, True
    for _ in range(_DESCENT_STEPS):
        if best[0] <= stop_at or step <= _SHORTEST_STEP * ball.radius:
            return
        if moved:
            work.base[:] = work.point
            affine_piece(net, ball, work)
            norm = np.sqrt(np.sum(work.gradient[:d] ** 2))
            if norm == 0.0:
                return
        for i in range(d):
            g = work.gradient[i]
            work.point[i] = work.base[i] - step * (g / norm if ball.euclidean else np.sign(g))
        found = _try_point(net, ball, best, work)
        moved = found < value
        if moved:
            value = found
        else:
            step *= _SHRINK


@compiled
def run_stack(net, ball, given, best, goal, tolerance, stop_at, most_nodes):  # type: ignore[no-untyped-def]
    """Search depth first from the nodes `given`, the last first; updates best = (value, x...).

    Nodes whose lower bound exceeds min(goal, best - tolerance) are closed. Stops where no node is
    left, best[0] <= stop_at, `most_nodes` have been bounded, or memory for nodes or leaves is full.
    The nodes given have been bounded, but for whole balls.

    Returns the nodes left, the leaves that could not be closed, the number of nodes bounded, those
    divided (number, branch, cut, room for the lower half's number: one a row), and those closed.
    The halves of row i are numbered -1 - 2 i and -2 - 2 i, for the caller to put right.
    """
    count = len(given)
    stack, leaves = np.empty((count + STACK, given.shape[1])), np.empty((_LEAVES, given.shape[1]))
    stack[:count] = given
    d, units = net.sizes[0], net.first[len(net.sizes) - 1]
    work = workspace(net)
    rows, errors = np.empty((units, d + 1)), np.empty(units)
    children = np.empty((2, stack.shape[1]))
    divided, closed = np.empty((_ROWS, 4)), np.empty((_ROWS, given.shape[1]))
    nodes, found, splits, ends = 0, 0, 0, 0
    while count > 0 and nodes < most_nodes and best[0] > stop_at:
        if count + 1 > len(stack) or found == len(leaves):
            break
        if splits == len(divided):
            divided = _longer(divided)
        if ends + 3 > len(closed):
            closed = _longer(closed)
        count -= 1
        cutoff = min(goal, best[0] - tolerance)
        if stack[count, LOWER] > cutoff:
            closed[ends] = stack[count]
            ends += 1
            continue
        if stack[count, BRANCH] == LEAF:
            leaves[found] = stack[count]
            found += 1
            continue
        whole = stack[count, BRANCH] == WHOLE
        sides = 1 if whole else 2
        if not whole:
            branch = int(stack[count, BRANCH])
            divided[splits, 0], divided[splits, 1] = stack[count, NUMBER], branch
            lo, hi, _, _, _, _ = _parts(stack[count], d, units)
            divided[splits, 2] = 0.5 * (lo[branch] + hi[branch]) if branch < d else 0.0
            splits += 1
        for side in range(sides):
            _split(stack[count], children[side], side == 1, d, units)
            if not whole:
                children[side, NUMBER] = 1 - 2 * splits - side
            bound_node(net, ball, children[side], cutoff, work, rows, errors)
            if whole or children[side, LOWER] <= cutoff:
                known = best[0]
                value = _try_point(net, ball, best, work)
                if value < known or (nodes + side) % _DESCEND_EVERY == 0:
                    _descend(net, ball, value, best, stop_at, work)
        nodes += sides
        cutoff = min(goal, best[0] - tolerance)
        first = 1 if sides == 2 and children[1, LOWER] > children[0, LOWER] else 0
        for place in range(sides):
            side = first if place == 0 else 1 - first
            if children[side, LOWER] > cutoff:
                closed[ends] = children[side]
                ends += 1
            else:
                stack[count] = children[side]
                count += 1
    left, unsettled = stack[:count].copy(), leaves[:found].copy()
    return left, unsettled, nodes, divided[:splits].copy(), closed[:ends].copy()


@inner
def _longer(rows):  # type: ignore[no-untyped-def]
    """A copy with room for as many rows again."""
    longer = np.empty((2 * len(rows), rows.shape[1]))
    longer[: len(rows)] = rows
    return longer
