"""What several theorem files share: the paper's name and the hypotheses that recur in it."""

from __future__ import annotations

import sympy as sp

from robustsize.bounds.statement import Hypothesis
from robustsize.bounds.symbols import d, k

PAPER = "Li, Jin, Zhong, Hopcroft, Wang, NeurIPS 2022 (arXiv 2205.13863)"

C_2 = sp.Symbol("C_2", positive=True)
"""An unspecified constant inside a form, where no factor in front can stand for it."""

SEPARATED = Hypothesis("A, B in [0,1]^d are 2 epsilon-separated in l_p")
K_AT_MOST_D = Hypothesis("1 <= k <= d", sp.Le(k, d, evaluate=False))
BALANCED = Hypothesis("P is mu_0-balanced on A u B (Definition 4.1)")
EVERY_LABELLING = "the class F_{n,L} shatters the forced points up to a share alpha of errors"
EXPLICIT_SIZE = "size counts non-zero weights and biases; the paper counts non-zero connections"
