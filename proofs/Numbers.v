(** Numbers that the program prints, as corollaries. *)
From Coq Require Import Reals Lra ZArith Lia.
From Flocq Require Import Core.
From Interval Require Import Tactic.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Generated Sums HammingCount Table Architectures GrowthByLayers ForcedLabels Theorems.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Lemma labelling_bits0 (m : nat) : labelling_bits (INR m) 0 = INR m.
Proof.
rewrite /labelling_bits hamming_sum; last by lra.
have -> : whole (0 * INR m) = 0%N by rewrite Rmult_0_l -[0]/(INR 0) whole_INR.
by rewrite /hamming big_ord_recl big_ord0 bin0 addn0 ln_1; ring.
Qed.

(** Networks of n' <= n parameters are among those of n. *)
Lemma computed_more n n' L d f : (n <= n')%N -> @computed n L d f -> @computed n' L d f.
Proof. by move=> le [N [sN h]]; exists N; split=> //; apply: leq_trans sN le. Qed.

(** every 2 epsilon-separated pair of classes in the cube is told apart by a network of size <= n *)
Definition fits_all (d n : nat) (L : option nat) (epsilon : R) : Prop :=
  forall A B : point d -> Prop, (forall a, A a -> cube a) -> (forall b, B b -> cube b) ->
    separated (2 * epsilon) A B ->
    exists f, computed n L f /\ (forall a, A a -> 0 < f a) /\ (forall b, B b -> f b <= 0).

Lemma fits_all_needs (d n k : nat) L epsilon (m := thm3_4_points (INR d) epsilon) : 0 < epsilon ->
  no_room k L m (INR d) m -> fits_all d n L epsilon -> (k < n)%N.
Proof.
move=> e0 room fit; rewrite ltnNge; apply/negP => nk.
have mE : m = INR #|grid d epsilon| by rewrite /m /thm3_4_points grid_formula.
have bits : no_room k L m (thm3_4_dimension (INR d)) (labelling_bits m 0).
  by rewrite mE labelling_bits0 -mE.
have [T [x [y [inside [sep hard]]]]] := thm3_4 e0 Rlt_0_1 (Rle_refl 0) bits.
have [| | |f [Ff [fA fB]]] := fit (class x y true) (class x y false); try by move=> _ [i [_ ->]].
  exact: sep.
pose w (i : T) := / INR #|T|.
have bal : balanced 1 w.
  move=> E; rewrite /probability big_const /w Rmult_1_l.
  right; rewrite /Rdiv; elim: #|E| => [|j IH]; first by rewrite Rmult_0_l.
  by rewrite iterS -IH S_INR; ring.
have [E [bad lt]] := hard f w (computed_more nk Ff) bal.
case: (set_0Vmem E) => [E0|[i iE]]; first by move: lt; rewrite E0 /probability big_set0; lra.
have [z [near ne]] := bad i iE; apply: ne.
have -> : z = x i.
  apply: FunctionalExtensionality.functional_extensionality => j.
  have := near j; have := Rabs_pos (z j - x i j) => p q.
  have a0 : Rabs (z j - x i j) = 0 by lra.
  by case: (Req_dec (z j - x i j) 0) => h; [lra | have := Rabs_no_R0 _ h].
case Ey: (y i); first by rewrite positive_true //; apply: fA; exists i.
by rewrite positive_false //; apply: fB; exists i.
Qed.

Lemma grid_quarter d : thm3_4_points (INR d) (1 / 4) = 3 ^ d.
Proof.
rewrite /thm3_4_points (_ : 1 / 2 * / (1 / 4) = IZR 2); last by field.
by rewrite /floor Zfloor_IZR (_ : 2 + 1 = 3) ?Rpower_pow; lra.
Qed.

(** [robustsize bound thm3.4 --d 10 --epsilon 1/4 --p inf --form explicit] prints 449. *)
Theorem thm3_4_at_10 n : fits_all 10 n None (1 / 4) -> (448 < n)%N.
Proof.
apply: fits_all_needs; first by lra.
have D : INR 10 = 10 by rewrite INR_IZR_INZ.
have N : INR 448 = 448 by rewrite INR_IZR_INZ.
rewrite grid_quarter D; right; apply/no_room_treeE; rewrite N; split=> //; split; first by lra.
move=> U U0 UN; have u1 := INR_ge1 U0.
have u2 : INR U <= 447 by rewrite (_ : 447 = INR 447); [apply: INR_leq | rewrite INR_IZR_INZ].
move: (INR U) u1 u2 => u u1 u2; rewrite /growth_tree /growth_tree_units.
interval with (i_bisect u, i_autodiff u, i_prec 60).
Qed.
