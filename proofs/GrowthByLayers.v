(** The growth bound G: patterns counted layer by layer (Bartlett, Harvey, Liaw, Mehrabian 2019).

    On a cell where the activations of the layers below are fixed, what enters the units of layer l
    are polynomials of degree l in the weights, so Warren's theorem counts how the cell splits. *)
From Coq Require Import Reals Lra ZArith Lia FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Generated Sums HammingCount Warren Table Flatten Architectures.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** one layer: m points, k <= n units, n parameters, degree l *)
Lemma layer_bound (V M : finType) (n m k l : nat) (p : M -> (V -> R) -> R) (S : {set {ffun M -> bool}}) :
  #|V| = n -> #|M| = (m * k)%N -> (0 < n)%N -> (0 < m)%N -> (k <= n)%N -> (0 < l)%N ->
  (forall i, poly l (p i)) ->
  (forall s, s \in S -> exists t, forall i, s i = positive (p i t)) ->
  INR #|S| <= 2 * (2 * exp 1 * INR m * INR l) ^ n.
Proof.
move=> Vn Mk n0 m0 kn l0 hp hS.
have e2 : 2 < exp 1 by have := exp_ineq1 1 R1_neq_R0; lra.
have N0 := INR_gt0 n0. have M1 := INR_ge1 m0. have L1 := INR_ge1 l0.
have ml : 1 <= INR m * INR l by nra.
have base : 4 <= 2 * exp 1 * INR m * INR l by nra.
case: (leqP #|V| #|M|) => cmp.
  have V0 : (0 < #|V|)%N by rewrite Vn.
  apply: Rle_trans (Warren_1968 V0 cmp l0 hp hS) _.
  rewrite Vn Mk mult_INR; apply: Rmult_le_compat_l; first by lra.
  have K := INR_leq kn. have k0 := pos_INR k.
  have q : INR k / INR n <= 1.
    by apply: (Rmult_le_reg_r (INR n)) => //; rewrite /Rdiv Rmult_assoc Rinv_l; lra.
  have q0 : 0 <= INR k / INR n by apply: Rmult_le_pos => //; left; apply: Rinv_0_lt_compat.
  apply: pow_incr; rewrite (_ : _ / _ = (2 * exp 1 * INR m * INR l) * (INR k / INR n)); last by field; lra.
  split; first by apply: Rmult_le_pos; lra.
  by rewrite -[X in _ <= X]Rmult_1_r; apply: Rmult_le_compat_l; lra.
(* fewer polynomials than parameters: Warren's theorem does not apply, the trivial count is less *)
have le : (#|S| <= 2 ^ n)%N.
  apply: leq_trans (max_card _) _; rewrite card_ffun card_bool leq_exp2l //.
  by rewrite -Vn ltnW.
have h := INR_leq le; rewrite INR_expn INR2 in h; apply: Rle_trans h _.
have : 2 ^ n <= (2 * exp 1 * INR m * INR l) ^ n by apply: pow_incr; lra.
have : 0 < 2 ^ n by apply: pow_lt; lra.
lra.
Qed.

(** ** Cells of one architecture *)
Section Cells.
Variables (d n : nat) (layer : 'I_n -> nat).
Hypothesis layer_pos : forall u, (0 < layer u)%N.
Variables (V : finType) (weights : (V -> R) -> table d n).
Hypothesis weights_poly : forall u s, poly 1 (fun t => weights t u s).
Hypothesis V_n : #|V| = n.
Hypothesis n_pos : (0 < n)%N.
Variables (T : finType) (x : T -> point d).
Hypothesis T_pos : (0 < #|T|)%N.

(** the signs of all units of layers 1 to l at all points *)
Definition cells (l : nat) (t : V -> R) : {ffun T * 'I_n -> bool} :=
  [ffun p => (layer p.2 <= l)%N && positive (pre layer (weights t) (x p.1) p.2)].
Definition layer_factor (l : nat) : R := 2 * (2 * exp 1 * INR #|T| * INR l) ^ n.
Fixpoint product (l : nat) : R := match l with O => 1 | S l' => product l' * layer_factor l'.+1 end.

Lemma layer_factor_ge0 l : 0 <= layer_factor l.
Proof.
rewrite /layer_factor; apply: Rmult_le_pos; first by lra.
apply: pow_le; have := exp_pos 1; have := pos_INR #|T|; have := pos_INR l => a b c.
by repeat (apply: Rmult_le_pos; try lra).
Qed.
Lemma product_ge0 l : 0 <= product l.
Proof. by elim: l => [|l IH] /=; [lra | apply: Rmult_le_pos => //; apply: layer_factor_ge0]. Qed.

Lemma cells_bound l (S : {set {ffun T * 'I_n -> bool}}) :
  (forall s, s \in S -> exists t, s = cells l t) -> INR #|S| <= product l.
Proof.
elim: l S => [|l IH] S hS /=.
  have : (#|S| <= 1)%N.
    apply/card_le1_eqP => s s' /hS[t ->] /hS[t' ->]; apply/ffunP => p; rewrite !ffunE.
    by rewrite leqNgt layer_pos.
  by move/leP/le_INR.
pose r (s : {ffun T * 'I_n -> bool}) : {ffun T * 'I_n -> bool} := [ffun p => (layer p.2 <= l)%N && s p].
have rS : INR #|r @: S| <= product l.
  apply: IH => _ /imsetP[s /hS[t ->] ->]; exists t; apply/ffunP=> p; rewrite !ffunE.
  by case: (leqP (layer p.2) l) => h //=; rewrite leqW.
have E : #|S| = (\sum_(a in r @: S) #|[set s in S | r s == a]|)%N.
  rewrite -sum1_card (partition_big_imset r) /=; apply: eq_bigr => a _.
  by rewrite sum1dep_card; apply: eq_card => s; rewrite !inE.
rewrite E; apply: Rle_trans (INR_sum_le (b := layer_factor l.+1) _) _; last first.
  by apply: Rmult_le_compat_r => //; apply: layer_factor_ge0.
move=> a _.
pose M := [finType of {p : T * 'I_n | layer p.2 == l.+1}].
pose k := #|[set u | layer u == l.+1]|.
pose q (s : {ffun T * 'I_n -> bool}) : {ffun M -> bool} := [ffun p => s (val p)].
pose p (i : M) (t : V -> R) : R :=
  masked_pre layer (fun u => a ((val i).1, u)) (weights t) (x (val i).1) (val i).2.
have li (i : M) : layer (val i).2 = l.+1 by apply/eqP; case: i.
set F := [set s in S | r s == a].
have qinj : {in F &, injective q}.
  move=> s s'; rewrite !inE => /andP[sS /eqP rs] /andP[sS' /eqP rs'] qq; apply/ffunP => i.
  have [t ts] := hS s sS. have [t' ts'] := hS s' sS'.
  case: (ltngtP (layer i.2) l.+1) => h.
  - have := congr1 (fun g : {ffun _ -> _} => g i) (etrans rs (esym rs')); rewrite !ffunE.
    by rewrite -ltnS h.
  - by rewrite ts ts' !ffunE leqNgt h.
  - have hi : layer i.2 == l.+1 by apply/eqP.
    by have := congr1 (fun g : {ffun _ -> _} => g (exist _ i hi : M)) qq; rewrite !ffunE.
rewrite -(card_in_imset qinj).
apply: (@layer_bound V M n #|T| k l.+1 p) => //.
- rewrite card_sig /k -cardsT -cardsX.
  by apply: eq_card => i; rewrite !inE.
- by rewrite /k (leq_trans (max_card _)) ?card_ord.
- by move=> i; rewrite -(li i); apply: masked_pre_poly => //; rewrite li.
move=> _ /imsetP[s + ->]; rewrite !inE => /andP[sS /eqP rs].
have [t ts] := hS s sS; exists t => i.
rewrite ffunE ts ffunE li leqnn /=; congr positive; apply: pre_masked => u.
by rewrite li /= => ul; rewrite -rs ffunE /= ul ts ffunE /= (leqW ul).
Qed.

(** the patterns of the last unit *)
Lemma last_unit_bound out L (S : {set {ffun T -> bool}}) : (layer out <= L)%N ->
  (forall s, s \in S -> exists t, forall i, s i = positive (pre layer (weights t) (x i) out)) ->
  INR #|S| <= product L.
Proof.
move=> oL hS.
pose last (a : {ffun T * 'I_n -> bool}) : {ffun T -> bool} := [ffun i => a (i, out)].
have [g hg] : exists g : {ffun T -> bool} -> {ffun T * 'I_n -> bool},
    forall s, s \in S -> (exists t, g s = cells L t) /\ last (g s) = s.
  apply: (@fin_all_exists _ (fun _ => {ffun T * 'I_n -> bool})
    (fun s c => s \in S -> (exists t, c = cells L t) /\ last c = s)) => s.
  case: (boolP (s \in S)) => [sS|_]; last by exists [ffun => false].
  have [t ht] := hS s sS; exists (cells L t) => _; split; first by exists t.
  by apply/ffunP => i; rewrite !ffunE /= oL ht.
have -> : #|S| = #|g @: S|.
  rewrite card_in_imset // => s s' sS sS' e.
  by rewrite -(hg s sS).2 e (hg s' sS').2.
by apply: cells_bound => _ /imsetP[s sS ->]; case: (hg s sS).
Qed.

Lemma product_le L : product L <= 2 ^ L * (2 * exp 1 * INR #|T| * INR L) ^ (n * L).
Proof.
have e0 := exp_pos 1.
have M0 : 0 <= 2 * exp 1 * INR #|T| by have := pos_INR #|T|; move=> h; apply: Rmult_le_pos; lra.
suff key : forall l, (l <= L)%N -> product l <= 2 ^ l * ((2 * exp 1 * INR #|T| * INR L) ^ n) ^ l.
  by rewrite pow_mult; apply: key.
elim=> [|l IH] lL; first by rewrite /=; lra.
change (product l.+1) with (product l * layer_factor l.+1).
rewrite -!tech_pow_Rmult; move: IH; set Y := (_ * INR L) ^ n => IH.
have a := IH (ltnW lL); have b0 := product_ge0 l.
have lL' := INR_leq lL. have l0 := pos_INR l.+1.
have c : layer_factor l.+1 <= 2 * Y.
  rewrite /layer_factor /Y; apply: Rmult_le_compat_l; first by lra.
  apply: pow_incr; split; first by apply: Rmult_le_pos.
  by apply: Rmult_le_compat_l.
have := Rmult_le_compat _ _ _ _ b0 (layer_factor_ge0 l.+1) a c; lra.
Qed.
End Cells.

(** ** Parameters for the slots of an architecture, and some that stand for nothing *)
Section Parameters.
Variables (d n k : nat) (A : {set slot d n}).
Definition parameter := [finType of ({q : slot d n | q \in A} + 'I_k)%type].
Definition weights_of (t : parameter -> R) : table d n :=
  fun u s => if insub (u, s) is Some q then t (inl q) else 0.

Lemma weights_of_poly u s : poly 1 (fun t => weights_of t u s).
Proof. by rewrite /weights_of; case: insubP => [q _ _|_]; [exact: poly_var | exact: poly0]. Qed.

Lemma card_parameter : #|parameter| = (#|A| + k)%N.
Proof. by rewrite card_sum card_sig card_ord. Qed.

Lemma weights_of_support w : support w = A -> exists t, weights_of t = w.
Proof.
move=> sw; exists (fun v => if v is inl q then w (val q).1 (val q).2 else 0).
apply: functional_extensionality => u; apply: functional_extensionality => s.
rewrite /weights_of; case: insubP => [q _ -> //|].
by rewrite -sw inE /= /nonzero; case: Req_EM_T.
Qed.
End Parameters.

(** ** All architectures *)
Lemma ln2_gt0 : 0 < ln 2. Proof. by rewrite -ln_1; apply: ln_increasing; lra. Qed.
Lemma Rpower2_log z : 0 < z -> Rpower 2 (/ ln 2 * ln z) = z.
Proof.
move=> z0; rewrite /Rpower (_ : / ln 2 * ln z * ln 2 = ln z) ?exp_ln //.
by field; have := ln2_gt0; lra.
Qed.
Lemma Rpower2_log_pow z k : 0 < z -> Rpower 2 (INR k * (/ ln 2 * ln z)) = z ^ k.
Proof. by move=> z0; rewrite Rmult_comm -Rpower_mult Rpower2_log // Rpower_pow. Qed.
Lemma Rpower2_INR k : Rpower 2 (INR k) = 2 ^ k. Proof. by rewrite Rpower_pow //; lra. Qed.

Theorem growth_counted_bounds (d n L : nat) (T : finType) (x : T -> point d) (S : {set {ffun T -> bool}}) :
  (0 < #|T|)%N -> (0 < L)%N -> (forall s, s \in S -> patterns (@tabled d n L) x s) ->
  INR #|S| <= Rpower 2 (growth_counted (INR n.+1) (INR L) (INR #|T|) (INR d)).
Proof.
move=> T0 L0 hS.
have e0 := exp_pos 1. have T0' := INR_gt0 T0. have L0' := INR_gt0 L0.
have d0 := pos_INR d. have n0 := pos_INR n.
have base : 0 < 2 * exp 1 * INR #|T| * INR L by repeat (apply: Rmult_lt_0_compat; try lra).
set bound := product n.+1 T L.
have le : INR #|S| <= 2 ^ n * (exp 1 * slots_average d n.+1) ^ n.+1 * bound.
  apply: (patterns_of_all_architectures (x := x)) hS; first exact: product_ge0.
  move=> inc A {}S /andP[_ cA] lL hS.
  have cV : #|@parameter d n.+1 (n.+1 - #|A|) A| = n.+1 by rewrite card_parameter subnKC.
  have pos (u : 'I_n.+1) : (0 < layer_of inc u)%N by [].
  apply: (@last_unit_bound d n.+1 _ pos _ _ (@weights_of_poly _ _ _ A) cV (ltn0Sn n) T x T0 _ L S lL).
  move=> s /hS[w [sw hs]]; have [t wt] := @weights_of_support d n.+1 (n.+1 - #|A|) A w sw.
  by exists t => i; rewrite wt.
have -> : growth_counted (INR n.+1) (INR L) (INR #|T|) (INR d) =
    INR n.+1 + INR n.+1 * (/ ln 2 * ln (exp 1 * (INR n.+1 + INR d + 1)))
    + (INR L + INR (n.+1 * L) * (/ ln 2 * ln (2 * exp 1 * INR #|T| * INR L))).
  rewrite /growth_counted INR_muln (_ : 2 * exp 1 * INR L * INR #|T| = 2 * exp 1 * INR #|T| * INR L); last by ring.
  rewrite (_ : INR d + INR n.+1 + 1 = INR n.+1 + INR d + 1); last by ring.
  by ring.
rewrite !Rpower_plus !Rpower2_log_pow //; last by apply: Rmult_lt_0_compat => //; rewrite S_INR; lra.
rewrite !Rpower2_INR; apply: Rle_trans le _.
have s0 : 0 <= exp 1 * slots_average d n.+1.
  by rewrite /slots_average; apply: Rmult_le_pos; rewrite ?S_INR; lra.
apply: Rmult_le_compat; [|exact: product_ge0| |exact: product_le].
  by apply: Rmult_le_pos; apply: pow_le; lra.
apply: Rmult_le_compat; [by apply: pow_le; lra|exact: pow_le| |].
  by apply: Rle_pow; [lra | apply/leP].
apply: pow_incr; split=> //; apply: Rmult_le_compat_l; first by lra.
by rewrite /slots_average; have := pos_INR n.+1; lra.
Qed.
