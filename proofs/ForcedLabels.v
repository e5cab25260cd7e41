(** From growth bounds to hard labellings: points whose labels a robust classifier must get right.

    The points are those of a grid, or the middles of pairs of data of which the labelling picks one. *)
From Coq Require Import Reals Lra ZArith Lia Classical.
From Flocq Require Import Core.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Generated Sums HammingCount Table Flatten Architectures GrowthByLayers.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** ** A class with few patterns fails on the data of some labelling *)
Lemma hamming_sum m alpha : 0 <= alpha ->
  sum_up_to (floor (alpha * INR m)) (fun i => binomial (INR m) i) =
  INR (hamming m (whole (alpha * INR m))).
Proof.
move=> a0; rewrite /sum_up_to /hamming INR_sum.
have -> : whole (floor (alpha * INR m)) = whole (alpha * INR m) by rewrite /whole /floor Zfloor_IZR.
by apply: eq_bigr => i _; rewrite /binomial !whole_INR.
Qed.

Lemma hamming_gt0 m k : 0 < INR (hamming m k).
Proof. by apply: INR_gt0; rewrite /hamming big_ord_recl bin0. Qed.

Lemma labelling_bits_exceeded m alpha b : 0 <= alpha -> b < labelling_bits (INR m) alpha ->
  Rpower 2 b * INR (hamming m (whole (alpha * INR m))) < 2 ^ m.
Proof.
move=> a0; rewrite /labelling_bits hamming_sum //; set h := INR (hamming _ _).
have h0 : 0 < h by exact: hamming_gt0.
move=> lt; rewrite -{1}(Rpower2_log h0) -Rpower_plus -Rpower2_INR.
by apply: Rpower_lt; lra.
Qed.

Section Forced.
Variables (d : nat) (T : finType) (data : {ffun T -> bool} -> T -> point d) (forced : T -> point d).
Variables (r : R) (F : (point d -> R) -> Prop) (b alpha mu : R).
Hypothesis near : forall phi i, within r (forced i) (data phi i).
Hypothesis few : forall S : {set {ffun T -> bool}},
  (forall s, s \in S -> patterns F forced s) -> INR #|S| <= Rpower 2 b.
Hypotheses (alpha_ge0 : 0 <= alpha) (mu_gt0 : 0 < mu) (T_pos : (0 < #|T|)%N).
Hypothesis exceeded : b < labelling_bits (INR #|T|) alpha.

Theorem some_labelling_is_hard :
  exists phi : {ffun T -> bool}, hard_for F (data phi) phi r alpha mu.
Proof.
apply: NNPP => none; set k := whole (alpha * INR #|T|).
have every : forall y, exists s, patterns F forced s /\ (#|wrong s y| <= k)%N.
  move=> y; have [f [w [Ff [bal err]]]] :
      exists f w, F f /\ balanced mu w /\ ~ robust_error_above (data y) y w r f (alpha * mu).
    apply: NNPP => no; apply: none; exists y => f w Ff bal.
    by apply: NNPP => err; apply: no; exists f, w.
  exists [ffun i => positive (f (forced i))]; split; first by exists f; split=> // i; rewrite ffunE.
  set s := [ffun i => _]; pose E := wrong s y.
  have le : probability w E <= alpha * mu.
    apply: Rnot_lt_le => lt; apply: err; exists E; split=> // i.
    by rewrite inE ffunE => /eqP ne; exists (forced i).
  have m0 := INR_gt0 T_pos; have := bal E => be; apply: whole_ge.
  have h : mu * (INR #|E| / INR #|T|) <= alpha * mu by lra.
  have q : INR #|E| / INR #|T| <= alpha by apply: (Rmult_le_reg_l mu) => //; lra.
  rewrite -/E (_ : INR #|E| = INR #|E| / INR #|T| * INR #|T|); last by field; lra.
  by apply: Rmult_le_compat_r; lra.
have [S [hS le]] := patterns_cover_labellings every.
have lt := labelling_bits_exceeded alpha_ge0 exceeded; rewrite -/k in lt.
have := INR_leq le; rewrite INR_expn INR2 INR_muln => h.
have := Rmult_le_compat_r _ _ _ (pos_INR (hamming #|T| k)) (few hS); lra.
Qed.
End Forced.

(** ** Inputs that are constant on the points, or equal to others, cost nothing *)
Section Restrict.
Variables (d k : nat) (place : 'I_d -> 'I_k + R).
Lemma nonzero_add a b : (nonzero (a + b)%R <= nonzero a + nonzero b)%N.
Proof.
rewrite /nonzero; case: Req_EM_T => // n; case: Req_EM_T => // a0; case: Req_EM_T => // b0.
by exfalso; apply: n; rewrite a0 b0; lra.
Qed.

Definition own_weight (w : 'I_d -> R) (i : 'I_k) : R :=
  \rsum_(j : 'I_d) (if place j is inl i' then (if i' == i then w j else 0) else 0).
Definition own_bias (w : 'I_d -> R) (b : R) : R :=
  \rsum_(j : 'I_d) (if place j is inr v then w j * v else 0) + b.

Lemma restrict_value w b (z : point k) :
  \rsum_(j : 'I_d) (w j * placed place z j) + b = \rsum_(i : 'I_k) (own_weight w i * z i) + own_bias w b.
Proof.
rewrite /own_bias -Rplus_assoc; congr (_ + b).
transitivity (\rsum_(i : 'I_k) \rsum_(j : 'I_d)
    ((if place j is inl i' then (if i' == i then w j else 0) else 0) * z i) +
  \rsum_(j : 'I_d) (if place j is inr v then w j * v else 0)).
  rewrite exchange_big -big_split /=; apply: eq_bigr => j _; rewrite /placed.
  case: (place j) => [i|v]; last by rewrite rsum0 => [|i]; lra.
  rewrite (rsum_only (k := i)) ?eqxx; first by rewrite /=; lra.
  by move=> i' ne; rewrite eq_sym (negbTE ne); lra.
congr (_ + _); apply: eq_bigr => i _; rewrite /own_weight Rmult_comm rsum_scale.
by apply: eq_bigr => j _; rewrite Rmult_comm.
Qed.

Lemma nonzero_rsum (I : finType) (f : I -> R) : (nonzero (\rsum_(i : I) f i) <= \sum_(i : I) nonzero (f i))%N.
Proof.
elim/big_rec2: _ => [|i y x _ IH]; first by rewrite nonzero0.
by apply: leq_trans (nonzero_add _ _) _; rewrite leq_add2l.
Qed.

Lemma restrict_size w b :
  (\sum_(i : 'I_k) nonzero (own_weight w i) + nonzero (own_bias w b) <= \sum_(j : 'I_d) nonzero (w j) + nonzero b)%N.
Proof.
pose const j := if place j is inr v then w j * v else 0.
have weights_le : (\sum_(i : 'I_k) nonzero (own_weight w i) <= \sum_(i : 'I_k) \sum_(j : 'I_d)
    nonzero (if place j is inl i' then (if i' == i then w j else 0) else 0)%R)%N.
  by apply: leq_sum => i _; apply: nonzero_rsum.
have bias_le : (nonzero (own_bias w b) <= \sum_(j : 'I_d) nonzero (const j) + nonzero b)%N.
  by apply: leq_trans (nonzero_add _ _) _; rewrite leq_add2r; apply: nonzero_rsum.
apply: leq_trans (leq_add weights_le bias_le) _; rewrite addnA leq_add2r /const.
rewrite exchange_big -big_split /=; apply: leq_sum => j _.
case: (place j) => [i|v] /=.
  rewrite nonzero0 addn0 (bigD1 i) //= eqxx big1 ?addn0 // => i' ne.
  by rewrite eq_sym (negbTE ne) nonzero0.
rewrite big1 ?add0n => [|i _]; last by rewrite nonzero0.
by rewrite /nonzero; case: Req_EM_T => // n; case: Req_EM_T => // w0; exfalso; apply: n; rewrite w0; lra.
Qed.

Lemma restrict_network (T : finType) (N : network T) (e : T = [finType of 'I_d]) :
  exists N' : network [finType of 'I_k], (size N' <= size N)%N /\ depth N' = depth N /\
    forall z, eval (eq_rect T network N _ e) (placed place z) = eval N' z.
Proof.
case: N e => [I w b|I J W b rest] e; subst I => /=.
  exists (@Output [finType of 'I_k] (own_weight w) (own_bias w b)).
  by split; [exact: restrict_size | split=> // z; exact: restrict_value].
exists (@Hidden [finType of 'I_k] J (fun j => own_weight (W j)) (fun j => own_bias (W j) (b j)) rest).
split; first by rewrite /= leq_add2r; apply: leq_sum => j _; exact: restrict_size.
split=> // z /=; congr (eval rest _); apply: FunctionalExtensionality.functional_extensionality => j.
by congr relu; exact: restrict_value.
Qed.

Lemma patterns_restrict (n : nat) (L : option nat) (T : finType) (x : T -> point k) s :
  patterns (@computed n L d) (fun i => placed place (x i)) s -> patterns (@computed n L k) x s.
Proof.
move=> [f [[N [sN [dN hf]]] hs]]; have [N' [sN' [dN' hN']]] := restrict_network N erefl.
exists (eval N'); split; last by move=> i; rewrite hs hf -hN'.
by exists N'; split; [exact: leq_trans sN' sN | rewrite dN'].
Qed.
End Restrict.

(** ** The grid: floor(1/(2 epsilon)) + 1 points an axis, 2 epsilon apart *)
Definition axis_points (epsilon : R) : nat := (whole (/ (2 * epsilon))).+1.

Lemma axis_pointsE epsilon : 0 < epsilon -> INR (axis_points epsilon) = floor (/ (2 * epsilon)) + 1.
Proof. by move=> e0; rewrite S_INR INR_whole //; left; apply: Rinv_0_lt_compat; lra. Qed.

Section Grid.
Variables (d : nat) (epsilon : R).
Hypothesis epsilon_gt0 : 0 < epsilon.

Lemma axis_in_cube (k : 'I_(axis_points epsilon)) : 0 <= 2 * epsilon * INR k <= 1.
Proof.
have q0 : 0 < / (2 * epsilon) by apply: Rinv_0_lt_compat; lra.
have kz : INR k <= floor (/ (2 * epsilon)).
  by rewrite -INR_whole; [apply: INR_leq; rewrite -ltnS | lra].
have up := floor_le (/ (2 * epsilon)); have k0 := pos_INR k.
have I : / (2 * epsilon) * (2 * epsilon) = 1 by apply: Rinv_l; lra.
split; first by nra.
have : 2 * epsilon * INR k <= 2 * epsilon * / (2 * epsilon) by apply: Rmult_le_compat_l; lra.
lra.
Qed.

Lemma axis_apart (i j : nat) : i != j -> 2 * epsilon <= Rabs (2 * epsilon * INR i - 2 * epsilon * INR j).
Proof.
move=> ne.
have key : forall a b : nat, (a < b)%N -> 2 * epsilon <= Rabs (2 * epsilon * INR a - 2 * epsilon * INR b).
  move=> a b lt; have := INR_leq lt; rewrite S_INR.
  by move=> h; rewrite Rabs_left1; nra.
case: (ltngtP i j) ne => // lt _; first exact: key.
by rewrite Rabs_minus_sym; apply: key.
Qed.

Definition grid := [finType of {ffun 'I_d -> 'I_(axis_points epsilon)}].
Definition grid_point (g : grid) : point d := fun j => 2 * epsilon * INR (g j).

Lemma grid_in_cube g : cube (grid_point g). Proof. by move=> j; apply: axis_in_cube. Qed.
Lemma grid_apart (g h : grid) : g <> h -> exists j, 2 * epsilon <= Rabs (grid_point g j - grid_point h j).
Proof.
move=> ne; have [j nj] : exists j, g j != h j.
  case: (pickP (fun j => g j != h j)) => [j e|e]; first by exists j.
  by case: ne; apply/ffunP=> j; apply/eqP/negPn; rewrite e.
by exists j; apply: axis_apart.
Qed.
Lemma card_grid : #|grid| = (axis_points epsilon ^ d)%N. Proof. by rewrite card_ffun !card_ord. Qed.
Lemma grid_gt0 : (0 < #|grid|)%N. Proof. by rewrite card_grid expn_gt0. Qed.
End Grid.

(** ** The linearly separable instance: grid points lifted above or below the middle plane *)
Section Lifted.
Variables (d : nat) (epsilon c : R).
Hypotheses (epsilon_gt0 : 0 < epsilon) (epsilon_lt : epsilon < 1 / 2) (c01 : 0 < c < 1).

Definition above (v : R) (j : 'I_d.+1) : 'I_d + R := if unlift ord0 j is Some i then inl i else inr v.
Definition lift_point (z : point d) (v : R) : point d.+1 := placed (above v) z.
Definition height (b : bool) : R := if b then 1 / 2 + c * epsilon else 1 / 2 - c * epsilon.
Definition lifted_data (phi : {ffun grid d epsilon -> bool}) (g : grid d epsilon) : point d.+1 :=
  lift_point (grid_point g) (height (phi g)).

Lemma lift_point0 z v : lift_point z v ord0 = v.
Proof. by rewrite /lift_point /placed /above unlift_none. Qed.
Lemma lift_pointS z v i : lift_point z v (lift ord0 i) = z i.
Proof. by rewrite /lift_point /placed /above liftK. Qed.

Lemma lifted_in_cube phi g : cube (lifted_data phi g).
Proof.
move=> j; rewrite /lifted_data; case: (unliftP ord0 j) => [i ->|->].
  by rewrite lift_pointS; apply: grid_in_cube.
rewrite lift_point0 /height; case: (phi g); nra.
Qed.

Lemma lifted_separated phi :
  separated (2 * epsilon) (class (lifted_data phi) phi true) (class (lifted_data phi) phi false).
Proof.
move=> a b [g [pg ->]] [h [ph ->]].
have ne : g <> h by move=> e; rewrite e ph in pg.
have [j hj] := grid_apart epsilon_gt0 ne.
by exists (lift ord0 j); rewrite /lifted_data !lift_pointS.
Qed.

Lemma lifted_linearly_separable phi :
  linearly_separable (class (lifted_data phi) phi true) (class (lifted_data phi) phi false).
Proof.
exists (fun j => if j == ord0 then 1 else 0), (1 / 2).
have first x : \rsum_(j : 'I_d.+1) ((if j == ord0 then 1 else 0) * x j) = x ord0.
  by rewrite (rsum_only (k := ord0)) ?eqxx => [|j /negbTE ->]; lra.
by split=> _ [g [pg ->]]; rewrite first /lifted_data lift_point0 /height pg; nra.
Qed.

Lemma middle_within phi g : within (c * epsilon) (lift_point (grid_point g) (1 / 2)) (lifted_data phi g).
Proof.
move=> j; rewrite /lifted_data; case: (unliftP ord0 j) => [i ->|->].
  by rewrite !lift_pointS Rminus_diag_eq // Rabs_R0; nra.
by rewrite !lift_point0 /height; case: (phi g); apply: Rabs_le; nra.
Qed.
End Lifted.
