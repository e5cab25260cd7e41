"""Least value of a linear function over box, ball and halfspaces, bounded from below rigorously.

A dual simplex method finds multipliers beta >= 0 of the halfspaces g_k(x) >= 0; by weak duality
q(x) - sum_k beta_k g_k(x) minimised over box and ball alone is a lower bound whatever beta is, so
the simplex steps need not be exact. `dual_simplex` is generic: uncompiled, on Fractions, it is
exact.
"""

from __future__ import annotations

import numpy as np

from robustsize.simulate.certify.compiled import compiled, inner
from robustsize.simulate.certify.relaxation import UNIT_ROUNDOFF

OPTIMAL, EMPTY, STALLED = 0, 1, 2
_MULTIPLIER_STEPS = 60
_INSIDE = 1e-7


@compiled
def dual_simplex(cost, lo, hi, rows, count, tolerance, work):  # type: ignore[no-untyped-def]
    """Minimise cost . x over lo <= x <= hi and rows[k, :d] . x + rows[k, d] >= 0, k < count.

    work = (tableau, reduced, value, beta, x) of shapes (count, d), (d), (d), (count), (d). Writes
    beta >= 0, and x the minimiser; or, where the answer is EMPTY, beta such that
    sum_k beta_k g_k < 0 on the box, up to rounding. STALLED after too many steps: beta is usable.

    x_i and slack k are variables i and d + k. Non-basic variables sit at a bound; basic ones are
    the tableau's rows in terms of them.
    """
    tableau, reduced, value, beta, x = work
    d = len(lo)
    level = beta  # values of the basic variables, until the end
    where = np.empty(count, np.int64)
    names = np.empty(d, np.int64)
    at_upper = np.zeros(d, np.bool_)
    for j in range(d):
        names[j] = j
        reduced[j] = cost[j]
        at_upper[j] = cost[j] < 0
        value[j] = hi[j] if at_upper[j] else lo[j]
    for k in range(count):
        where[k] = d + k
        total = rows[k, d]
        for j in range(d):
            tableau[k, j] = rows[k, j]
            total += rows[k, j] * value[j]
        level[k] = total
    status = STALLED
    for _ in range(20 + 4 * (d + count)):
        worst, leave, rising = tolerance, -1, True
        for k in range(count):
            name = where[k]
            under = (lo[name] if name < d else 0 * level[k]) - level[k]
            if under > worst:
                worst, leave, rising = under, k, True
            if name < d and level[k] - hi[name] > worst:
                worst, leave, rising = level[k] - hi[name], k, False
        if leave < 0:
            status = OPTIMAL
            break
        enter, best, size = -1, worst, worst
        for j in range(d):
            a = tableau[leave, j] if rising else -tableau[leave, j]
            if at_upper[j]:
                a = -a
            if a > tolerance and (names[j] >= d or lo[names[j]] < hi[names[j]]):
                ratio = abs(reduced[j]) / a
                if enter < 0 or ratio < best or (ratio == best and a > size):
                    enter, best, size = j, ratio, a
        if enter < 0:
            status = EMPTY
            break
        name = where[leave]
        bound = (lo[name] if rising else hi[name]) if name < d else 0 * level[leave]
        pivot = tableau[leave, enter]
        step = (bound - level[leave]) / pivot
        entered = value[enter] + step
        for k in range(count):
            if k != leave:
                level[k] += tableau[k, enter] * step
        level[leave] = entered
        where[leave], names[enter] = names[enter], name
        value[enter] = bound
        at_upper[enter] = not rising
        for j in range(d):
            tableau[leave, j] = 1 / pivot if j == enter else -tableau[leave, j] / pivot
        for k in range(count):
            if k != leave:
                a = tableau[k, enter]
                tableau[k, enter] = 0 * a
                for j in range(d):
                    tableau[k, j] += a * tableau[leave, j]
        a = reduced[enter]
        reduced[enter] = 0 * a
        for j in range(d):
            reduced[j] += a * tableau[leave, j]
    for j in range(d):
        if names[j] < d:
            x[names[j]] = value[j]
    for k in range(count):
        if where[k] < d:
            x[where[k]] = level[k]
    for k in range(count):
        beta[k] = 0 * tableau[k, 0]
    if status == EMPTY:
        for j in range(d):
            a = -tableau[leave, j] if rising else tableau[leave, j]
            if names[j] >= d and a > 0:
                beta[names[j] - d] = a
        if where[leave] >= d:
            beta[where[leave] - d] = 1 + 0 * tableau[leave, 0]
    else:
        for j in range(d):
            if names[j] >= d and reduced[j] > 0:
                beta[names[j] - d] = reduced[j]
    return status


@compiled
def least_value(ball, q, lo, hi, x):  # type: ignore[no-untyped-def]
    """Least value of q[:d] . x + q[d] over the box lo..hi and the ball, and where, into x.

    Returns the value, what rounding may have added to it, and t, or 0 for the box alone. Over box
    and ball, q = v + w gives the
    bound min_box v . x + w . centre - radius norm(w) for each w; at the optimum w is parallel to
    centre - x and x = clip(centre - t q) at the t for which it is on the sphere.
    """
    d = len(lo)
    total, size = q[d], abs(q[d])
    for i in range(d):
        x[i] = lo[i] if q[i] > 0.0 else hi[i]
        total += q[i] * x[i]
        size += abs(q[i]) * ball.magnitude[i]
    rate = 8.0 * UNIT_ROUNDOFF * (d + 8)
    if not ball.euclidean:
        return total, size * rate, 0.0
    square = 0.0
    for i in range(d):
        square += (x[i] - ball.centre[i]) ** 2
    if square <= ball.radius**2:
        return total, size * rate, 0.0
    low, high = 0.0, np.inf
    t = 0.0
    for i in range(d):
        t += q[i] * q[i]
    t = ball.radius / np.sqrt(t) if t > 0.0 else 0.0
    for _ in range(_MULTIPLIER_STEPS):
        square, free, held = 0.0, 0.0, 0.0
        for i in range(d):
            step = ball.centre[i] - t * q[i]
            x[i] = min(max(step, lo[i]), hi[i])
            offset = (x[i] - ball.centre[i]) ** 2
            square += offset
            if x[i] == step:
                free += q[i] * q[i]
            else:
                held += offset
        if abs(square - ball.radius**2) <= 1e-13 * ball.radius**2:
            break
        if square > ball.radius**2:
            high = t
        else:
            low = t
        room = ball.radius**2 - held
        following = np.sqrt(room / free) if room > 0.0 and free > 0.0 else -1.0
        if not low < following < high:
            following = 0.5 * (low + high) if high < np.inf else 2.0 * t
        if following == t:
            break
        t = following
    if not 0.0 < t < np.inf:
        return total, size * rate, 0.0
    cut, norm, size = q[d], 0.0, abs(q[d])
    for i in range(d):
        step = ball.centre[i] - t * q[i]
        w = q[i] if x[i] == step else (ball.centre[i] - x[i]) / t
        v = q[i] - w
        cut += v * (lo[i] if v > 0.0 else hi[i]) + w * ball.centre[i]
        norm += w * w
        size += (abs(q[i]) + abs(w)) * ball.magnitude[i]
    norm = np.sqrt(norm)
    cut -= ball.radius * norm
    size += ball.radius * norm
    if cut > total:
        return cut, size * rate, t
    return total, size * rate, 0.0


@compiled
def least_under(ball, q, lo, hi, rows, count, row_error, cuts, x, best, kept):  # type: ignore[no-untyped-def]
    """Lower bound of q over box, ball and the first `count` halfspaces of `rows`.

    row_error[k]: how far row k may be off. cuts: most tangents to be tried, at p = 2. x receives
    the minimiser found. `best` is a bound known already; the larger is returned, +inf where the
    region is empty. kept[1:] receives the multipliers that gave a larger one, kept[0] the ball's.
    """
    d = len(lo)
    capacity = count + (cuts if ball.euclidean else 0)
    planes = np.empty((capacity, d + 1))
    planes[:count] = rows[:count]
    beta = np.empty(capacity)
    work = (
        np.empty((capacity, d)),
        np.empty(d),
        np.empty(d),
        beta,
        x,
    )
    mixed, trial = np.empty(d + 1), np.empty(d)
    used = count
    while True:
        status = dual_simplex(q, lo, hi, planes, used, 1e-12, work)
        for i in range(d + 1):
            mixed[i] = 0.0 if status == EMPTY else q[i]
        slack = 0.0
        for k in range(count):
            if beta[k] > 0.0:
                slack += beta[k] * row_error[k]
                for i in range(d + 1):
                    mixed[i] -= beta[k] * rows[k, i]
        value, off, t = least_value(ball, mixed, lo, hi, trial)
        # forming `mixed` is a sum of count + 1 products a coefficient, of size q and beta * rows
        value -= off + 3.0 * slack
        empty = status == EMPTY and value > 0.0
        if empty or (status != EMPTY and value > best):
            best = np.inf if empty else value
            kept[0] = t
            kept[1 : count + 1] = beta[:count]
            if empty:
                return best
        if not ball.euclidean or status != OPTIMAL:
            return best
        if used + 2 > capacity or not _add_tangent(ball, x, planes[used]):
            break
        _least_on_sphere(ball, q, lo, hi, rows, beta, count, x, trial)
        used += 2 if _add_tangent(ball, trial, planes[used + 1]) else 1
    if used > count:
        _least_on_sphere(ball, q, lo, hi, rows, beta, count, x, trial)
        x[:] = trial
    return best


@inner
def _add_tangent(ball, x, plane):  # type: ignore[no-untyped-def]
    """Write the halfspace that touches the ball in the direction of x; False where x is inside."""
    d = len(x)
    distance = 0.0
    for i in range(d):
        distance += (x[i] - ball.centre[i]) ** 2
    distance = np.sqrt(distance)
    if distance <= ball.radius * (1.0 + _INSIDE):
        return False
    plane[d] = ball.radius
    for i in range(d):
        normal = (x[i] - ball.centre[i]) / distance
        plane[i] = -normal
        plane[d] += normal * ball.centre[i]
    return True


@inner
def _least_on_sphere(ball, q, lo, hi, rows, beta, count, x, found):  # type: ignore[no-untyped-def]
    """Least point of q on the sphere where halfspaces with beta > 0 and the faces at x are tight.

    Were those the active ones, its tangent makes the next linear program exact.
    """
    d = len(x)
    basis, used = np.empty((d, d)), 0
    normal, slope = np.empty(d), q[:d].copy()
    found[:] = ball.centre
    for k in range(count + d):
        normal[:] = 0.0
        if k < count:
            if beta[k] <= 0.0:
                continue
            normal[:] = rows[k, :d]
            offset = rows[k, d]
        else:
            if x[k - count] != lo[k - count] and x[k - count] != hi[k - count]:
                continue
            normal[k - count] = 1.0
            offset = -x[k - count]
        for i in range(d):
            offset += normal[i] * found[i]
        before = np.sqrt(np.sum(normal * normal))
        for e in range(used):
            normal -= np.sum(normal * basis[e]) * basis[e]
        length = np.sqrt(np.sum(normal * normal))
        if length <= 1e-9 * before or used == d:
            continue
        normal /= length
        found -= (offset / length) * normal
        slope -= np.sum(slope * normal) * normal
        basis[used] = normal
        used += 1
    room = ball.radius**2 - np.sum((found - ball.centre) ** 2)
    steepness = np.sqrt(np.sum(slope * slope))
    if room > 0.0 and steepness > 0.0:
        found -= (np.sqrt(room) / steepness) * slope
