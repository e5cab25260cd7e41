(** The upper bound: a depth-3 network with one bump on each grid cell that meets the smaller class.

    A cell of half side h = 1/(2g) around the midpoint z carries the bump
    relu(1 - (1/gamma) sum_j [relu(x_j - z_j - r) + relu(z_j - x_j - r)]), with r = h + c epsilon and
    gamma = 2((1-c) epsilon - h): it is 1 within c epsilon of the class that the cell meets, and 0
    within c epsilon of the other. The grid shares its one-sided units between the cells. *)
From Coq Require Import Reals Lra ZArith Lia Classical.
From Flocq Require Import Core.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Sums.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** a property of a finite type as a set *)
Lemma as_set (T : finType) (P : T -> Prop) : exists S : {set T}, forall x, x \in S <-> P x.
Proof.
have [g Hg] : exists g : T -> bool, forall x, g x = true <-> P x.
  apply: (@fin_all_exists T (fun _ => bool) (fun x b => b = true <-> P x)) => x.
  by case: (classic (P x)) => h; [exists true | exists false]; split.
by exists [set x | g x] => x; rewrite inE; apply: Hg.
Qed.

Section Grid.
Variables (d g : nat).
Hypothesis g_pos : (0 < g)%N.
Let h : R := / (2 * INR g).
Definition cell := {ffun 'I_d -> 'I_g}.
Definition middle (k : 'I_g) : R := (2 * INR k + 1) * h.
Definition in_cell (x : point d) (z : cell) : Prop := forall j, Rabs (x j - middle (z j)) <= h.

Lemma h_gt0 : 0 < h.
Proof. by rewrite /h; apply: Rinv_0_lt_compat; have := INR_gt0 g_pos; lra. Qed.
Lemma g_h : 2 * INR g * h = 1.
Proof. by rewrite /h; apply: Rinv_r; have := INR_gt0 g_pos; lra. Qed.

Lemma axis_cell (t : R) : 0 <= t <= 1 -> exists k : 'I_g, Rabs (t - middle k) <= h.
Proof.
move=> [t0 t1].
pose n := whole (t * INR g).
have tg : 0 <= t * INR g by apply: Rmult_le_pos => //; exact: pos_INR.
have nE : INR n = floor (t * INR g) by rewrite INR_whole.
have n_le := floor_le (t * INR g). have n_gt := floor_gt (t * INR g).
have GH := g_h. have H0 := h_gt0.
have key : forall k : nat, INR k <= t * INR g <= INR k + 1 -> Rabs (t - (2 * INR k + 1) * h) <= h.
  move=> k [k1 k2].
  have e : t - (2 * INR k + 1) * h = 2 * h * (t * INR g - INR k) - h.
    have : t * (2 * INR g * h) = t by rewrite GH; lra.
    nra.
  by rewrite e; apply: Rabs_le; nra.
case: (ltnP n g) => [lt|ge].
  by exists (Ordinal lt); apply: key => /=; lra.
have lt : (g.-1 < g)%N by rewrite prednK.
have gE : INR g = INR g.-1 + 1 by rewrite -S_INR prednK.
have le := INR_leq ge.
exists (Ordinal lt); apply: key => /=; split; nra.
Qed.

Lemma some_cell (x : point d) : cube x -> exists z : cell, in_cell x z.
Proof.
move=> cx.
have [f Hf] := @fin_all_exists _ (fun _ => 'I_g) (fun j k => Rabs (x j - middle k) <= h)
  (fun j => axis_cell (cx j)).
by exists [ffun j => f j] => j; rewrite ffunE.
Qed.

(** *** The network, for the cells S; s is 1 where they meet A, -1 where they meet B *)
Variables (r gamma : R) (S : {set cell}).
Hypothesis gamma_pos : 0 < gamma.
(** a one-sided unit: a coordinate, a grid line, and on which side of the line it is positive *)
Let side := [finType of ('I_d * 'I_g * bool)%type].
Let bump := [finType of {z : cell | z \in S}].

Definition side_weight (u : side) (i : 'I_d) : R :=
  if i == u.1.1 then (if u.2 then 1 else -1) else 0.
Definition side_bias (u : side) : R := if u.2 then - middle u.1.2 - r else middle u.1.2 - r.
Definition bump_weight (z : bump) (u : side) : R :=
  if val z u.1.1 == u.1.2 then - / gamma else 0.
Definition covering_network (s : R) : network [finType of 'I_d] :=
  @Hidden [finType of 'I_d] side side_weight side_bias
    (@Hidden side bump bump_weight (fun _ => 1)
      (@Output bump (fun _ => s) (- (s / 2)))).

Lemma covering_network_size s :
  (size (covering_network s) <= #|S| * (2 * d + 2) + 4 * d * g + 1)%N.
Proof.
rewrite /size -/size.
have sides : (\sum_(j : side) (\sum_(i : [finType of 'I_d]) nonzero (side_weight j i)
              + nonzero (side_bias j)) <= 4 * d * g)%N.
  apply: leq_trans (_ : \sum_(j : side) 2 <= _)%N.
    apply: leq_sum => u _; rewrite -[2%N]/(1 + 1)%N leq_add ?nonzero_le1 //.
    apply: leq_trans (_ : \sum_(i : 'I_d) (i == u.1.1) <= _)%N.
      by apply: leq_sum => i _; apply: nonzero_if.
    by rewrite (bigD1 u.1.1) //= eqxx big1 // => i ne; rewrite (negbTE ne).
  by rewrite sum_nat_const !card_prod !card_ord card_bool; apply: eq_leq; lia.
have bumps : (\sum_(z : bump) (\sum_(u : side) nonzero (bump_weight z u) + nonzero 1)
              <= #|S| * (2 * d + 1))%N.
  rewrite -[X in (_ <= X * _)%N]card_sig -sum_nat_const.
  apply: leq_sum => z _; rewrite leq_add ?nonzero_le1 //.
  apply: leq_trans (_ : \sum_(u : side) (val z u.1.1 == u.1.2) <= _)%N.
    by apply: leq_sum => u _; apply: nonzero_if.
  rewrite -(pair_bigA _ (fun p (b : bool) => nat_of_bool (val z p.1 == p.2))) /=.
  rewrite -(pair_bigA _ (fun j k => \sum_(b : bool) nat_of_bool (val z j == k))) /=.
  apply: eq_leq; transitivity (\sum_(j : 'I_d) 2)%N; last by rewrite sum_nat_const card_ord mulnC.
  apply: eq_bigr => j _; rewrite (bigD1 (val z j)) //=.
  rewrite [X in (X + _)%N](_ : _ = 2%N); last by rewrite eqxx sum_nat_const card_bool.
  by rewrite big1 // => k ne; rewrite eq_sym (negbTE ne) sum_nat_const muln0.
have output : (\sum_(z : bump) nonzero s + nonzero (- (s / 2)) <= #|S| + 1)%N.
  rewrite leq_add ?nonzero_le1 // -[X in (_ <= X)%N](card_sig (mem S)) -sum1_card.
  by apply: leq_sum => z _; apply: nonzero_le1.
apply: leq_trans (leq_add sides (leq_add bumps output)) _; apply: eq_leq.
by rewrite mulnDr !mulnDr muln1; lia.
Qed.

Definition side_value (x : point d) (u : side) : R :=
  relu (\rsum_(i : 'I_d) (side_weight u i * x i) + side_bias u).
Lemma side_valueE x j k b :
  side_value x (j, k, b) = relu ((if b then x j - middle k else middle k - x j) - r).
Proof.
rewrite /side_value (@rsum_only _ _ j) /side_weight /side_bias /=; last first.
  by move=> i ne; rewrite (negbTE ne); lra.
by rewrite eqxx; congr relu; case: b; lra.
Qed.

Definition bump_value (x : point d) (z : bump) : R :=
  relu (\rsum_(u : side) (bump_weight z u * side_value x u) + 1).
Lemma evalE s x : eval (covering_network s) x = \rsum_(z : bump) (s * bump_value x z) + - (s / 2).
Proof. by []. Qed.

(** near the middle of its cell a bump is 1 *)
Lemma bump_one x (z : bump) : (forall j, Rabs (x j - middle (val z j)) <= r) -> bump_value x z = 1.
Proof.
move=> near; rewrite /bump_value rsum0 ?Rplus_0_l ?relu_id //; first by lra.
move=> [[j k] b]; rewrite /bump_weight /=; case: eqP => [<-|_]; last by lra.
rewrite side_valueE relu_eq0 ?Rmult_0_r //.
move: (near j) => /= /Rabs_le_inv [] ? ?; case: b; lra.
Qed.

(** r + gamma away from it on some axis it is 0 *)
Lemma bump_zero x (z : bump) j : r + gamma <= Rabs (x j - middle (val z j)) -> bump_value x z = 0.
Proof.
pose m := middle (val z j); rewrite -/m => far; rewrite /bump_value relu_eq0 //.
have ig : 0 < / gamma by apply: Rinv_0_lt_compat.
pose b := if Rle_dec 0 (x j - m) then true else false.
pose f := fun u : side => bump_weight z u * side_value x u.
have neg : forall u, f u <= 0.
  move=> u; rewrite /f /bump_weight.
  have := relu_ge0 (\rsum_(i : 'I_d) (side_weight u i * x i) + side_bias u).
  rewrite -/(side_value x u); case: ifP => _; nra.
have le := @rsum_le_term side f (j, val z j, b) neg.
suff : f (j, val z j, b) <= -1 by rewrite /f in le *; lra.
rewrite /f /bump_weight /= eqxx side_valueE.
change (- / gamma * relu ((if b then x j - m else m - x j) - r) <= -1).
have big : gamma <= (if b then x j - m else m - x j) - r.
  rewrite /b; move: far; case: Rle_dec => h0 /=.
    by rewrite Rabs_pos_eq // => f0; lra.
  by rewrite Rabs_left => [f0|]; lra.
have ge := relu_ge ((if b then x j - m else m - x j) - r).
have : / gamma * gamma = 1 by apply: Rinv_l; lra.
nra.
Qed.
End Grid.

(** ** Both classes *)
Definition cells_an_axis (epsilon c : R) : nat := (whole (/ (2 * (1 - c) * epsilon))).+1.

(** half a side is strictly less than (1-c) epsilon *)
Lemma cells_fine epsilon c : 0 < epsilon -> c < 1 ->
  / (2 * INR (cells_an_axis epsilon c)) < (1 - c) * epsilon.
Proof.
move=> e0 c1; have p0 : 0 < (1 - c) * epsilon by apply: Rmult_lt_0_compat; lra.
have q0 : 0 < / (2 * (1 - c) * epsilon) by apply: Rinv_0_lt_compat; lra.
have E : INR (cells_an_axis epsilon c) = floor (/ (2 * (1 - c) * epsilon)) + 1.
  by rewrite /cells_an_axis S_INR INR_whole //; lra.
have lt := floor_gt (/ (2 * (1 - c) * epsilon)).
have n0 : 0 < INR (cells_an_axis epsilon c) by lra.
have I : / (2 * (1 - c) * epsilon) * (2 * ((1 - c) * epsilon)) = 1 by field; lra.
apply: (Rmult_lt_reg_l (2 * INR (cells_an_axis epsilon c))); first by lra.
rewrite Rinv_r; last by lra.
nra.
Qed.

(** a point a of the cell, b on the other side, x near b: x is beyond the bump *)
Lemma far_enough epsilon c h a b x m :
  2 * epsilon <= Rabs (a - b) -> Rabs (a - m) <= h -> Rabs (x - b) <= c * epsilon ->
  h + c * epsilon + 2 * ((1 - c) * epsilon - h) <= Rabs (x - m).
Proof.
move=> sj p q; have t := Rabs_triang (a - m) (m - x).
have t2 := Rabs_triang (a - m + (m - x)) (x - b).
rewrite (_ : a - m + (m - x) + (x - b) = a - b) in t2; last by lra.
rewrite (Rabs_minus_sym m x) in t; lra.
Qed.

(** no cell meets both classes *)
Lemma not_same_cell epsilon c h a b m :
  h < (1 - c) * epsilon -> 0 < epsilon -> 0 <= c < 1 ->
  2 * epsilon <= Rabs (a - b) -> Rabs (a - m) <= h -> Rabs (b - m) <= h -> False.
Proof.
move=> lt e0 c01 sj p q; have t := Rabs_triang (a - m) (m - b).
rewrite (_ : a - m + (m - b) = a - b) in t; last by lra.
rewrite (Rabs_minus_sym m b) in t; nra.
Qed.

Lemma cover_one_class d epsilon c (A B : point d -> Prop) (s : R) (g := cells_an_axis epsilon c)
    (S : {set cell d g}) :
  0 < epsilon -> 0 <= c < 1 -> s <> 0 ->
  (forall a, A a -> cube a) -> separated (2 * epsilon) A B ->
  (forall z, z \in S <-> exists a, A a /\ in_cell a z) ->
  exists N : network [finType of 'I_d],
    depth N = 3%N /\ (size N <= #|S| * (2 * d + 2) + 4 * d * g + 1)%N /\
    (forall a x, A a -> within (c * epsilon) x a -> s * s / 2 <= s * eval N x) /\
    (forall b x, B b -> within (c * epsilon) x b -> s * eval N x = - (s * s / 2)).
Proof.
move=> e0 [c0 c1] s0 cA sep HS.
have g0 : (0 < g)%N by [].
pose h := / (2 * INR g). have hlt : h < (1 - c) * epsilon by apply: cells_fine.
pose r := h + c * epsilon. pose gamma := 2 * ((1 - c) * epsilon - h).
have gp : 0 < gamma by rewrite /gamma; lra.
exists (covering_network r gamma S s); split=> //; split; first exact: covering_network_size.
have s2 : 0 < s * s by nra.
split=> [a x Aa xa | b x Bb xb]; rewrite evalE.
  have [z iz] := some_cell g0 (cA a Aa).
  have zS : z \in S by apply/HS; exists a.
  have one : bump_value r gamma x (exist _ z zS) = 1.
    apply: (bump_one (r := r)) => j /=; rewrite /r.
    have := xa j; have := iz j; rewrite -/h => p q.
    have := Rabs_triang (x j - a j) (a j - middle (z j)).
    by rewrite (_ : x j - a j + (a j - middle (z j)) = x j - middle (z j)); lra.
  have ge := @rsum_ge_term [finType of {z : cell d g | z \in S}] (fun y => bump_value r gamma x y)
     (exist _ z zS) (fun y => relu_ge0 _).
  rewrite -rsum_scale /=.
  have key : forall t, 1 <= t -> s * s / 2 <= s * (s * t + - (s / 2)).
    move=> t t1; have p : 0 <= (s * s) * (t - 1) by apply: Rmult_le_pos; lra.
    lra.
  by apply: key; rewrite -one; exact: ge.
rewrite rsum0; first by field.
move=> [z zS]; have [a [Aa iz]] := (HS z).1 zS.
have [j sj] := sep a b Aa Bb.
rewrite (bump_zero gp (j := j)) ?Rmult_0_r //= /r /gamma.
have := xb j; have := iz j; rewrite -/h => p q.
exact: far_enough sj p q.
Qed.

Theorem covering_network_is_robust (d : nat) (epsilon c : R) (A B : point d -> Prop)
    (g := cells_an_axis epsilon c) :
  0 < epsilon -> 0 <= c < 1 ->
  (forall a, A a -> cube a) -> (forall b, B b -> cube b) -> separated (2 * epsilon) A B ->
  exists N : network [finType of 'I_d],
    depth N = 3%N /\
    (size N <= (g ^ d)./2 * (2 * d + 2) + 4 * d * g + 1)%N /\
    robust (c * epsilon) (eval N) A B.
Proof.
move=> e0 c01 cA cB sep.
have [SA HA] := as_set (fun z : cell d g => exists a, A a /\ in_cell a z).
have [SB HB] := as_set (fun z : cell d g => exists b, B b /\ in_cell b z).
have hlt : / (2 * INR g) < (1 - c) * epsilon by apply: cells_fine; lra.
have dis : SA :&: SB = set0.
  apply/setP=> z; rewrite !inE; apply/negbTE/negP => /andP[zA zB].
  have [a [Aa ia]] := (HA z).1 zA. have [b [Bb ib]] := (HB z).1 zB.
  have [j sj] := sep a b Aa Bb.
  by apply: (not_same_cell hlt _ c01 sj (ia j) (ib j)); lra.
have total : (#|SA| + #|SB| <= g ^ d)%N.
  rewrite -cardsUI dis cards0 addn0 (leq_trans (max_card _)) //.
  by rewrite card_ffun !card_ord.
have sep' : separated (2 * epsilon) B A.
  by move=> b a Bb Aa; have [j] := sep a b Aa Bb; exists j; rewrite Rabs_minus_sym.
have mono : forall k n : nat, (k <= (g ^ d)./2)%N -> (n <= k * (2 * d + 2) + 4 * d * g + 1)%N ->
   (n <= (g ^ d)./2 * (2 * d + 2) + 4 * d * g + 1)%N.
  move=> k n hk hn; apply: leq_trans hn _; rewrite !leq_add2r leq_mul2r hk orbT //.
case: (leqP #|SA| #|SB|) => le.
  have half : (#|SA| <= (g ^ d)./2)%N by lia.
  have [N [dN [sN [nA nB]]]] := @cover_one_class d epsilon c A B 1 SA e0 c01 ltac:(lra) cA sep HA.
  exists N; split=> //; split; first exact: mono half sN.
  split=> [a x Aa xa | b x Bb xb]; [have := nA a x Aa xa | have := nB b x Bb xb]; lra.
have half : (#|SB| <= (g ^ d)./2)%N by lia.
have [N [dN [sN [nB nA]]]] := @cover_one_class d epsilon c B A (-1) SB e0 c01 ltac:(lra) cB sep' HB.
exists N; split=> //; split; first exact: mono half sN.
split=> [a x Aa xa | b x Bb xb]; [have := nA a x Aa xa | have := nB b x Bb xb]; lra.
Qed.
