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

(** On 3^10 points that differ on 10 inputs, 448 parameters have no room. *)
Lemma no_room_448 : no_room 448 None (3 ^ 10) 10 (3 ^ 10).
Proof.
have N : INR 448 = 448 by rewrite INR_IZR_INZ.
right; apply/no_room_treeE; rewrite N; split=> //; split; first by lra.
move=> U U0 UN; have u1 := INR_ge1 U0.
have u2 : INR U <= 447 by rewrite (_ : 447 = INR 447); [apply: INR_leq | rewrite INR_IZR_INZ].
move: (INR U) u1 u2 => u u1 u2; rewrite /growth_tree /growth_tree_units.
interval with (i_bisect u, i_autodiff u, i_prec 60).
Qed.

(** [robustsize bound thm3.4 --d 10 --epsilon 1/4 --p inf --form explicit] prints 449. *)
Theorem thm3_4_at_10 n : fits_all 10 n None (1 / 4) -> (448 < n)%N.
Proof.
have D : INR 10 = 10 by rewrite INR_IZR_INZ.
apply: fits_all_needs; first by lra.
by rewrite grid_quarter D; exact: no_room_448.
Qed.

(** [robustsize bound thm4.3 --d 11 --epsilon 1/4 --c 1/2 --p inf --form explicit] prints 449: at any
    c some linearly separable sample is too hard for 448 parameters. *)
Theorem thm4_3_at_11 (c mu : R) : 0 < c < 1 -> 0 < mu ->
  exists (T : finType) (x : T -> point 11) (y : T -> bool),
    (forall i, cube (x i)) /\
    separated (2 * (1 / 4)) (class x y true) (class x y false) /\
    linearly_separable (class x y true) (class x y false) /\
    hard_for (@computed 448 None 11) x y (c * (1 / 4)) 0 mu.
Proof.
move=> c01 mu0; have D : INR 10 = 10 by rewrite INR_IZR_INZ.
have points : thm4_3_points (INR 11) (1 / 4) = INR (3 ^ 10).
  rewrite INR_expn (_ : INR 3 = 3); last by rewrite INR_IZR_INZ.
  by rewrite -grid_quarter /thm4_3_points /thm3_4_points D S_INR D; congr (Rpower _ _); lra.
apply: thm4_3 => //; try lra.
rewrite points labelling_bits0 INR_expn (_ : INR 3 = 3); last by rewrite INR_IZR_INZ.
have -> : thm4_3_dimension (INR 11) = 10 by rewrite /thm4_3_dimension S_INR D; lra.
exact: no_room_448.
Qed.

(** [robustsize bound thm3.3 --d 5 --epsilon 1/4 --c 1/100 --p inf --form explicit] prints 1513. *)
Theorem thm3_3_at_5 (A B : point 5 -> Prop) :
  (forall a, A a -> cube a) -> (forall b, B b -> cube b) -> separated (2 * (1 / 4)) A B ->
  exists N : network [finType of 'I_5],
    depth N = 3%N /\ INR (size N) <= 1513 /\ robust (1 / 100 * (1 / 4)) (eval N) A B.
Proof.
move=> cA cB sep; have D : INR 5 = 5 by rewrite INR_IZR_INZ.
have [N [dN [sN rN]]] := @thm3_3 5 (1 / 4) (1 / 100) A B ltac:(lra) ltac:(lra) cA cB sep.
exists N; split=> //; split=> //; apply: Rle_trans sN _; right.
have fine : floor (/ (1 / 4) * / (2 + -1 * 2 * (1 / 100))) = 2.
  rewrite (_ : / (1 / 4) * / (2 + -1 * 2 * (1 / 100)) = 200 / 99); last by field.
  by rewrite /floor (_ : Zfloor _ = 2%Z) //; apply: Zfloor_imp; rewrite /=; lra.
have half : floor (1 / 2 * Rpower (2 + 1) 5) = 121.
  rewrite -D Rpower_pow; last by lra.
  by rewrite /floor (_ : Zfloor _ = 121%Z) //; apply: Zfloor_imp; rewrite /=; lra.
by rewrite /thm3_3_size fine D half; lra.
Qed.

(** ** Sizes beyond 2^63: G rises with n *)
Lemma growth_counted_rises (y x m d : R) : 1 <= y -> y <= x -> 1 <= m -> 0 <= d ->
  growth_counted y y m d <= growth_counted x x m d.
Proof.
move=> y1 yx m1 d0; have l2 := ln2_gt0.
have e2 : 2 < exp 1 by have := exp_ineq1 1 R1_neq_R0; lra.
have il : 0 < / ln 2 by apply: Rinv_0_lt_compat.
have mono a b : 1 <= a -> a <= b -> 0 <= / ln 2 * ln a <= / ln 2 * ln b.
  move=> a1 ab; have l0 : 0 <= ln a.
    by rewrite -ln_1; case: a1 => [a1|<-]; [left; apply: ln_increasing; lra | right].
  have : ln a <= ln b by case: ab => [ab|<-]; [left; apply: ln_increasing; lra | right].
  by move=> lab; split; [apply: Rmult_le_pos; lra | apply: Rmult_le_compat_l; lra].
have my : 1 <= m * y by nra.
have em : 0 <= 2 * exp 1 * m by nra.
have [a0 a1] : 0 <= / ln 2 * ln (2 * exp 1 * y * m) <= / ln 2 * ln (2 * exp 1 * x * m).
  rewrite (_ : 2 * exp 1 * y * m = 2 * exp 1 * m * y); last by ring.
  rewrite (_ : 2 * exp 1 * x * m = 2 * exp 1 * m * x); last by ring.
  by apply: mono; [nra | apply: Rmult_le_compat_l].
have [b0 b1] : 0 <= / ln 2 * ln (exp 1 * (d + y + 1)) <= / ln 2 * ln (exp 1 * (d + x + 1)).
  by apply: mono; [nra | apply: Rmult_le_compat_l; lra].
have p : y * y * (/ ln 2 * ln (2 * exp 1 * y * m)) <= x * x * (/ ln 2 * ln (2 * exp 1 * x * m)).
  by apply: Rmult_le_compat => //; nra.
have q : y * (/ ln 2 * ln (exp 1 * (d + y + 1))) <= x * (/ ln 2 * ln (exp 1 * (d + x + 1))).
  by apply: Rmult_le_compat => //; lra.
rewrite /growth_counted; lra.
Qed.

(** [robustsize bound thm3.4 --d 100 --epsilon 1/4 --p inf --form simple] prints 4.670e+22. *)
Theorem thm3_4_at_100 n : (0 < n)%N -> fits_all 100 n None (1 / 4) -> 4670 * 10 ^ 19 < INR n.
Proof.
move=> n0 fit; apply: Rnot_le_lt => small; suff : (n < n)%N by rewrite ltnn.
have D : INR 100 = 100 by rewrite INR_IZR_INZ.
apply: fits_all_needs fit; first by lra.
rewrite grid_quarter D; left; split=> //; exists n; split=> //; split; first by left.
have m1 : 1 <= 3 ^ 100 by apply: pow_R1_Rle; lra.
have d0 : 0 <= 100 by lra.
apply: Rle_lt_trans (growth_counted_rises (INR_ge1 n0) small m1 d0) _.
by rewrite /growth_counted; apply: Rminus_lt; interval with (i_prec 200).
Qed.
