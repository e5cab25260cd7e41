(** Counting architectures, and patterns over all of them.

    At most 2^n codes of layers, and for each at most (e (N/4 + d + 1))^N sets of at most N = n + 1
    of the slots that the layers allow. *)
From Coq Require Import Reals Lra ZArith Lia FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Sums HammingCount Warren Table Flatten.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** ** Slots between consecutive layers: units of odd layers times units of even ones *)
Section Slots.
Variables (d n : nat) (layer : 'I_n -> nat).

Lemma card_allowed : (4 * #|allowed d layer| <= n * (n + 4 * d + 4))%N.
Proof.
pose odds := [set u : 'I_n | odd (layer u)].
pose joined := [set q : 'I_n * 'I_n | layer q.1 == (layer q.2).+1].
pose sides (q : 'I_n * 'I_n) := if odd (layer q.1) then q else (q.2, q.1).
have joined_le : (#|joined| <= #|odds| * #|~: odds|)%N.
  rewrite -cardsX -(card_in_imset (f := sides)).
    apply: subset_leq_card; apply/subsetP => _ /imsetP[[u v] + ->]; rewrite inE /sides /= => /eqP e.
    by case: ifP => /= o; rewrite !inE /= ?o; move: o; rewrite e /=; case: (odd (layer v)).
  move=> [u v] [u' v']; rewrite !inE /sides /= => /eqP e /eqP e'.
  case: ifP => o; case: ifP => o' [a b]; subst=> //.
    by move: e e' => /=; lia.
  by move: e e' => /=; lia.
have split_le : (#|allowed d layer| <= #|joined| + d * n + n)%N.
  pose f (q : slot d n) : ('I_n * 'I_n) + ('I_d * 'I_n) + 'I_n :=
    match q.2 with
    | inl (inl v) => inl (inl (q.1, v)) | inl (inr j) => inl (inr (j, q.1)) | inr _ => inr q.1
    end.
  have inj : injective f.
    by move=> [u [[v|j]|[]]] [u' [[v'|j']|[]]]; rewrite /f //= => -[] // -> // ->.
  rewrite -(card_imset _ inj).
  have -> : (#|joined| + d * n + n)%N = (#|joined| + #|[finType of ('I_d * 'I_n)%type]| + #|'I_n|)%N.
    by rewrite card_prod !card_ord.
  pose g (z : ('I_n * 'I_n) + ('I_d * 'I_n) + 'I_n) : bool :=
    if z is inl (inl q) then q \in joined else true.
  apply: leq_trans (_ : #|[set z | g z]| <= _)%N.
    apply: subset_leq_card; apply/subsetP => _ /imsetP[[u [[v|j]|[]]] + ->]; by rewrite !inE /= ?inE.
  rewrite -sum1_card big_mkcond /= big_sumType big_sumType /=; apply: eq_leq.
  congr (_ + _ + _)%N.
  - by rewrite -sum1_card [RHS]big_mkcond /=; apply: eq_bigr => q _; rewrite [_ \in [set _ | _]]inE.
  - by rewrite -sum1_card; apply: eq_bigr => q _; rewrite inE.
  - by rewrite -sum1_card; apply: eq_bigr => q _; rewrite inE.
have total : (#|odds| + #|~: odds| = n)%N by rewrite cardsC card_ord.
have square : (4 * (#|odds| * #|~: odds|) <= n * n)%N.
  by move: total; move: #|odds| #|~: odds| => a b <-; rewrite mulnn nat_AGM2.
have : (n * (n + 4 * d + 4) = n * n + 4 * (d * n) + 4 * n)%N by lia.
lia.
Qed.
End Slots.

(** ** Small subsets of a set *)
Lemma hammingS N k : hamming N.+1 k.+1 = (hamming N k.+1 + hamming N k)%N.
Proof.
rewrite /hamming [LHS]big_ord_recl [in RHS]big_ord_recl !bin0 -addnA; congr (_ + _)%N.
by rewrite -big_split /=; apply: eq_bigr => i _; rewrite binS.
Qed.

Lemma hamming_le_pow N k v : 1 <= v -> INR (hamming N k) <= v ^ k * (1 + / v) ^ N.
Proof.
move=> v1; have i0 : 0 < / v by apply: Rinv_0_lt_compat; lra.
have vk j : 1 <= v ^ j by apply: pow_R1_Rle.
have ik j : 1 <= (1 + / v) ^ j by apply: pow_R1_Rle; lra.
elim: N k => [|N IH] [|k].
- by rewrite /hamming big_ord_recl big_ord0 bin0 /=; lra.
- rewrite /hamming big_ord_recl big1 ?bin0 => [|i _]; last by rewrite bin0n.
  by have := vk k.+1; rewrite /=; lra.
- rewrite /hamming big_ord_recl big_ord0 bin0 addn0.
  by have := ik N.+1; rewrite -tech_pow_Rmult /=; lra.
rewrite hammingS plus_INR; have a := IH k.+1; have b := IH k.
apply: Rle_trans (Rplus_le_compat _ _ _ _ a b) _.
right; rewrite -!tech_pow_Rmult; field; lra.
Qed.

Lemma one_plus_pow_le_exp x N : 0 <= x -> (1 + x) ^ N <= exp (INR N * x).
Proof.
move=> x0; apply: Rle_trans (_ : exp x ^ N <= _).
  apply: pow_incr; split; first by lra.
  by case: x0 => [h|<-]; [left; apply: exp_ineq1; lra | rewrite exp_0; lra].
rewrite -Rpower_pow; last exact: exp_pos.
by rewrite /Rpower ln_exp; apply: Rle_refl.
Qed.

Lemma hamming_le_exp N k v : 1 <= v -> INR N <= INR k * v -> INR (hamming N k) <= (exp 1 * v) ^ k.
Proof.
move=> v1 Nv; apply: Rle_trans (hamming_le_pow N k v1) _.
have i0 : 0 < / v by apply: Rinv_0_lt_compat; lra.
rewrite Rpow_mult_distr Rmult_comm; apply: Rmult_le_compat_r; first by apply: pow_le; lra.
apply: Rle_trans (one_plus_pow_le_exp N (Rlt_le _ _ i0)) _.
rewrite -Rpower_pow; last exact: exp_pos.
rewrite /Rpower ln_exp Rmult_1_r.
have h : INR N * / v <= INR k.
  by apply: (Rmult_le_reg_r v); [lra | rewrite Rmult_assoc Rinv_l; lra].
case: h => [h|->]; [left; exact: exp_increasing | exact: Rle_refl].
Qed.

(** ** Architectures *)
Definition slots_average (d N : nat) : R := INR N / 4 + INR d + 1.

Lemma card_architectures d n :
  INR #|[set a : architecture d n | admissible a]| <=
  2 ^ n * (exp 1 * slots_average d n.+1) ^ n.+1.
Proof.
have -> : #|[set a : architecture d n | admissible a]| =
    (\sum_(inc in [set: code n]) hamming #|allowed d (layer_of inc)| n.+1)%N.
  rewrite -sum1_card.
  rewrite (eq_bigl (fun a : architecture d n => xpredT a.1 && admissible (a.1, a.2))); last first.
    by move=> [inc A]; rewrite inE.
  rewrite -(pair_big_dep xpredT (fun inc A => admissible (inc, A)) (fun _ _ => 1%N)) /=.
  rewrite [RHS](eq_bigl xpredT) => [|inc]; last by rewrite inE.
  apply: eq_bigr => inc _; rewrite -card_small_sets -sum1_card.
  by apply: eq_bigl => A; rewrite inE /admissible.
have v1 : 1 <= slots_average d n.+1.
  by rewrite /slots_average; have := pos_INR n.+1; have := pos_INR d; lra.
have -> : 2 ^ n = INR #|[set: code n]|.
  by rewrite cardsT card_ffun card_bool card_ord INR_expn INR2.
apply: INR_sum_le => inc _; apply: hamming_le_exp => //.
have := INR_leq (card_allowed d (layer_of inc)).
have I4 : INR 4 = 4 by rewrite /=; lra.
rewrite /slots_average INR_muln INR_muln (_ : INR (n.+1 + 4 * d + 4) = INR n.+1 + 4 * INR d + 4) ?I4; last first.
  by rewrite (INR_addn (n.+1 + 4 * d)) (INR_addn n.+1) INR_muln I4.
move: (INR _) (INR n.+1) (INR d) => a b e h; lra.
Qed.

(** ** Patterns of a class on m points *)
Definition patterns (d : nat) (F : (point d -> R) -> Prop) (T : finType) (x : T -> point d) :
  {ffun T -> bool} -> Prop := fun s => exists f, F f /\ forall i, s i = positive (f (x i)).

(** If the tables of each architecture have at most [bound] patterns, all have so many: *)
Section Patterns.
Variables (d n L : nat) (T : finType) (x : T -> point d) (bound : R).
Hypothesis bound_ge0 : 0 <= bound.
Hypothesis one_architecture : forall (inc : code n) (A : {set slot d n.+1}) (S : {set {ffun T -> bool}}),
  admissible (inc, A) -> (layer_of inc ord_max <= L)%N ->
  (forall s, s \in S -> exists w, support w = A /\
     forall i, s i = positive (pre (layer_of inc) w (x i) ord_max)) -> INR #|S| <= bound.

Theorem patterns_of_all_architectures (S : {set {ffun T -> bool}}) :
  (forall s, s \in S -> patterns (@tabled d n L) x s) ->
  INR #|S| <= 2 ^ n * (exp 1 * slots_average d n.+1) ^ n.+1 * bound.
Proof.
move=> hS.
pose ok (s : {ffun T -> bool}) (a : architecture d n) : Prop :=
  admissible a /\ (layer_of a.1 ord_max <= L)%N /\
  exists w, support w = a.2 /\ forall i, s i = positive (pre (layer_of a.1) w (x i) ord_max).
have [g hg] : exists g : {ffun T -> bool} -> architecture d n, forall s, s \in S -> ok s (g s).
  apply: (@fin_all_exists _ (fun _ => architecture d n) (fun s a => s \in S -> ok s a)) => s.
  case: (boolP (s \in S)) => [sS|_]; last by exists ([ffun => false], set0).
  have [f [[inc [w [aw [lw hf]]]] hs]] := hS s sS.
  exists (inc, support w) => _; split=> //; split=> //; exists w; split=> // i.
  by rewrite hs hf.
have E : #|S| = (\sum_(a in [set a : architecture d n | admissible a]) #|[set s in S | g s == a]|)%N.
  rewrite -sum1_card (partition_big g (mem [set a : architecture d n | admissible a])) /=; last first.
    by move=> s sS; rewrite inE; case: (hg s sS).
  by apply: eq_bigr => a _; rewrite sum1dep_card; apply: eq_card => s; rewrite !inE.
rewrite E; apply: Rle_trans (INR_sum_le (b := bound) _) _; last first.
  by apply: Rmult_le_compat_r => //; apply: card_architectures.
move=> [inc A]; rewrite inE => adm.
case: (leqP (layer_of inc ord_max) L) => lL; last first.
  rewrite (_ : [set s in S | g s == _] = set0) ?cards0; first exact: bound_ge0.
  apply/setP=> s; rewrite !inE; apply/negbTE/negP => /andP[sS /eqP e].
  by have := (hg s sS).2.1; rewrite e /= leqNgt lL.
apply: (one_architecture adm lL) => s; rewrite inE => /andP[sS /eqP e].
by have := hg s sS; rewrite e => -[_ [_]].
Qed.
End Patterns.
