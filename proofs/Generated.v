(* Written by proofs/generate.py from the expressions in bounds/; do not edit. *)
From Coq Require Import Reals.
Require Import Definitions.
Local Open Scope R_scope.

Definition labelling_bits (m alpha : R) : R :=
  (m + ((-1) * (/ (ln 2)) * (ln (sum_up_to (floor (alpha * m)) (fun i => (binomial m i)))))).

Definition growth_counted (n L m d : R) : R :=
  ((L * n * (/ (ln 2)) * (ln (2 * (exp 1) * L * m))) + L + (n * (/ (ln 2)) * (ln ((exp 1) * (d + n + 1)))) + n).

Definition growth_tree (n d : R) : R :=
  ((n * (/ (ln 2)) * (ln ((exp 1) * (d + ((1 / 4) * n) + 1)))) + (2 * n) + (-1)).

Definition growth_tree_units (n U m : R) : R :=
  (((((-1) * U) + n) * (U + ((/ (ln 2)) * (ln (2 * (exp 1) * U * m * (/ (((-1) * U) + n))))))) + 1).

Definition growth_tree_fewest_units : R :=
  1.

Definition growth_tree_least_size : R :=
  2.

Definition thm4_3_points (d epsilon : R) : R :=
  (Rpower ((floor ((1 / 2) * (/ epsilon))) + 1) (d + (-1))).

Definition thm4_3_dimension (d : R) : R :=
  (d + (-1)).

Definition thm3_4_points (d epsilon : R) : R :=
  (Rpower ((floor ((1 / 2) * (/ epsilon))) + 1) d).

Definition thm3_4_dimension (d : R) : R :=
  d.

Definition thm5_8_points (k epsilon : R) : R :=
  (Rpower ((floor ((1 / 2) * (/ epsilon))) + 1) k).

Definition thm5_8_dimension (k : R) : R :=
  k.

Definition thm3_3_size (d epsilon c : R) : R :=
  ((4 * d * ((floor ((/ epsilon) * (/ (2 + ((-1) * 2 * c))))) + 1)) + (2 * d * (floor ((1 / 2) * (Rpower ((floor ((/ epsilon) * (/ (2 + ((-1) * 2 * c))))) + 1) d)))) + (2 * (floor ((1 / 2) * (Rpower ((floor ((/ epsilon) * (/ (2 + ((-1) * 2 * c))))) + 1) d)))) + 1).
