(** The growth bound G_tree: one call of Warren's theorem for a whole network (Goldberg, Jerrum 1995).

    With U units and fixed activations, what enters a unit is a polynomial of the weights. A set of
    units stands for the query "what enters its last unit, if these units are active?", so an input
    has 2^U polynomials, whose signs give all activations one unit after the other. Rescaling makes
    one weight of each unit +1 or -1 and leaves n - U parameters. *)
From Coq Require Import Reals Lra ZArith Lia FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Generated Sums HammingCount Warren Table Flatten Architectures GrowthByLayers.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Section Tree.
Variables (d n : nat) (layer : 'I_n -> nat).
Hypothesis layer_pos : forall u, (0 < layer u)%N.
Hypothesis layer_monotone : forall u v : 'I_n, (u <= v)%N -> (layer u <= layer v)%N.
Variable alive : {set 'I_n}.
Variables (V : finType) (weights : (V -> R) -> table d n).
Hypothesis weights_poly : forall u s, poly 1 (fun t => weights t u s).
Hypothesis weights_dead : forall t u s, u \notin alive -> weights t u s = 0.
Variables (T : finType) (x : T -> point d).
Hypothesis T_pos : (0 < #|T|)%N.
Let U := #|alive|.

(** the queries: a point and a set of live units *)
Let query := [finType of (T * {A : {set 'I_n} | A \in powerset alive})%type].

Definition last_of (A : {set 'I_n}) (u : 'I_n) : bool := (u \in A) && [forall v in A, (v <= u)%N].
Definition answer (q : query) (t : V -> R) : R :=
  if [pick u | last_of (val q.2) u] is Some u
  then masked_pre layer (fun v => v \in val q.2) (weights t) (x q.1) u else 0.

Lemma answer_poly q : poly U (answer q).
Proof.
rewrite /answer; case: pickP => [u _|_]; last exact: poly0.
exact: (masked_pre_poly_alive weights_poly weights_dead).
Qed.

Lemma card_query : #|query| = (#|T| * 2 ^ U)%N.
Proof. by rewrite card_prod card_sig -card_powerset; congr (_ * _)%N; apply: eq_card => A; rewrite !inE. Qed.

(** the active units of layers 1 to l at point i, read off the answers *)
Fixpoint active (s : {ffun query -> bool}) (i : T) (l : nat) : {set 'I_n} :=
  match l with
  | O => set0
  | S l' => [set u in alive | (layer u <= l)%N &&
      (if insub (u |: [set v in active s i l' | (layer v < layer u)%N]) is Some A then s (i, A) else false)]
  end.
Definition answers (t : V -> R) : {ffun query -> bool} := [ffun q => positive (answer q t)].

Lemma last_of_added (A : {set 'I_n}) u :
  (forall v, v \in A -> (layer v < layer u)%N) -> forall v, last_of (u |: A) v = (v == u).
Proof.
move=> below v; rewrite /last_of !inE.
have lt w : w \in A -> (w < u)%N.
  by move/below => h; rewrite ltnNge; apply/negP => /layer_monotone; rewrite leqNgt h.
case: eqP => [->|ne] /=.
  by apply/forallP => w; rewrite !inE; apply/implyP => /orP[/eqP ->|/lt/ltnW].
case: (boolP (v \in A)) => //= vA; apply/negbTE/forallPn; exists u.
by rewrite !inE eqxx /= -ltnNge lt.
Qed.

Lemma active_right t i l u : (u \in active (answers t) i l) =
  (layer u <= l)%N && positive (pre layer (weights t) (x i) u).
Proof.
elim: l u => [|l IH] u; first by rewrite inE leqNgt layer_pos.
rewrite /= inE; case: (boolP (u \in alive)) => ua /=; last first.
  by rewrite /pre (act_dead weights_dead) // positive_false ?andbF //; lra.
case: leqP => //= ul.
set A := [set v in active (answers t) i l | (layer v < layer u)%N].
have A_alive : A \subset alive.
  apply/subsetP => v; rewrite inE => /andP[+ _]; clear; case: l => [|l]; rewrite /= inE //.
  by case/andP.
have uA : (u |: A) \in powerset alive by rewrite inE subUset A_alive sub1set ua.
rewrite (insubT (fun A : {set 'I_n} => A \in powerset alive) uA) /= ffunE; congr positive.
rewrite /answer /=.
have last v : last_of (u |: A) v = (v == u) by apply: last_of_added => w; rewrite inE => /andP[].
case: pickP => [v|/(_ u)]; rewrite last ?eqxx // => /eqP ->.
apply/esym; apply: pre_masked => z; rewrite -(leq_add2r 1) !addn1 prednK // => zu.
have ne : z != u by apply: contraL zu => /eqP ->; rewrite ltnn.
by rewrite !inE (negbTE ne) /= IH zu andbT -ltnS (leq_trans zu ul).
Qed.

Lemma tree_bound (v : nat) out (S : {set {ffun T -> bool}}) :
  #|V| = v -> (0 < v)%N -> (v <= #|T|)%N -> (0 < U)%N ->
  (forall s, s \in S -> exists t, forall i, s i = positive (pre layer (weights t) (x i) out)) ->
  INR #|S| <= 2 * (2 * exp 1 * INR #|T| * 2 ^ U * INR U / INR v) ^ v.
Proof.
move=> Vv v0 vT U0 hS.
pose read (a : {ffun query -> bool}) : {ffun T -> bool} := [ffun i => out \in active a i (layer out)].
have [g hg] : exists g : {ffun T -> bool} -> {ffun query -> bool},
    forall s, s \in S -> (exists t, g s = answers t) /\ read (g s) = s.
  apply: (@fin_all_exists _ (fun _ => {ffun query -> bool})
    (fun s c => s \in S -> (exists t, c = answers t) /\ read c = s)) => s.
  case: (boolP (s \in S)) => [sS|_]; last by exists [ffun => false].
  have [t ht] := hS s sS; exists (answers t) => _; split; first by exists t.
  by apply/ffunP => i; rewrite ffunE active_right leqnn /= ht.
have -> : #|S| = #|g @: S|.
  rewrite card_in_imset // => s s' sS sS' e.
  by rewrite -(hg s sS).2 e (hg s' sS').2.
have real : forall s, s \in g @: S -> exists t, forall q, s q = positive (answer q t).
  move=> _ /imsetP[s sS ->]; have [[t ->] _] := hg s sS; exists t => q; by rewrite ffunE.
have V0 : (0 < #|V|)%N by rewrite Vv.
have VM : (#|V| <= #|query|)%N.
  by rewrite Vv card_query; apply: leq_trans vT _; rewrite leq_pmulr // expn_gt0.
have := Warren_1968 V0 VM U0 answer_poly real.
rewrite Vv card_query INR_muln INR_expn INR2.
by rewrite (_ : 2 * exp 1 * (INR #|T| * 2 ^ U) = 2 * exp 1 * INR #|T| * 2 ^ U) //; ring.
Qed.
End Tree.

(** ** The rescaled tables of an architecture *)
Section Rescaled.
Variables (d n k : nat) (A : {set slot d n}).
(** one slot of each live unit, whose weight becomes +1 or -1 *)
Definition chosen (u : 'I_n) : source d n :=
  if [pick s | (u, s) \in A] is Some s then s else inr tt.
Definition fixed : {set slot d n} := [set q in A | q.2 == chosen q.1].
Definition free : {set slot d n} := A :\: fixed.
Definition free_parameter := [finType of ({q : slot d n | q \in free} + 'I_k)%type].
Definition rescaled_weights (plus : {set 'I_n}) (t : free_parameter -> R) : table d n := fun u s =>
  if insub (u, s) is Some q then t (inl q)
  else if (u, s) \in A then (if u \in plus then 1 else -1) else 0.

Lemma chosen_in u : u \in live A -> (u, chosen u) \in A.
Proof.
rewrite inE => /existsP[s h]; rewrite /chosen; case: pickP => [s' //|/(_ s)].
by rewrite h.
Qed.

Lemma card_fixed : #|fixed| = #|live A|.
Proof.
have inj : injective (fun u : 'I_n => (u, chosen u) : slot d n) by move=> u v [].
rewrite -(card_imset _ inj); apply: eq_card => -[u s]; rewrite !inE /=; apply/idP/imsetP.
  move=> /andP[h /eqP e]; exists u; last by rewrite -e.
  by rewrite inE; apply/existsP; exists s.
by move=> [v lv [-> ->]]; rewrite chosen_in ?eqxx.
Qed.

Lemma card_free : (#|free| + #|live A| = #|A|)%N.
Proof.
rewrite -card_fixed addnC -(cardsID fixed A); congr (_ + _)%N.
by apply: eq_card => q; rewrite !inE andbA andbb.
Qed.

Lemma card_free_parameter : #|free_parameter| = (#|free| + k)%N.
Proof. by rewrite card_sum card_sig card_ord. Qed.

Lemma rescaled_weights_poly plus u s : poly 1 (fun t => rescaled_weights plus t u s).
Proof.
rewrite /rescaled_weights; case: insubP => [q _ _|_]; first exact: poly_var.
by apply: (@poly_up _ 0) => //; case: ifP => _; apply: poly_const.
Qed.

Lemma rescaled_weights_dead plus t u s : u \notin live A -> rescaled_weights plus t u s = 0.
Proof.
rewrite inE negb_exists => /forallP /(_ s) nA; rewrite /rescaled_weights.
case: insubP => [q + _|_]; last by rewrite (negbTE nA).
by rewrite inE (negbTE nA) andbF.
Qed.

(** Every table of these slots has the signs of a rescaled one. *)
Lemma rescaled_signs (layer : 'I_n -> nat) (w : table d n) :
  support w = A -> A \subset allowed d layer ->
  exists (plus : {set 'I_n}) t, plus \subset live A /\ forall x u,
    positive (pre layer w x u) = positive (pre layer (rescaled_weights plus t) x u).
Proof.
move=> sw Aa.
have [scale [pos one]] : exists scale, (forall u, 0 < scale u) /\
    forall u, u \in live A -> Rabs (scaled scale w u (chosen u)) = 1.
  by apply: (@rescale d n layer w chosen (mem (live A))); rewrite ?sw // => u /chosen_in.
pose w' := scaled scale w.
have sw' : support w' = A by rewrite -sw; apply: scaled_support.
exists [set u in live A | positive (w' u (chosen u))],
  (fun v => if v is inl q then w' (val q).1 (val q).2 else 0).
split; first by apply/subsetP => u; rewrite inE => /andP[].
move=> x u; rewrite -(positive_pre_scaled layer w x u pos) -/w'; congr (positive (pre _ _ _ _)).
apply: functional_extensionality => {}u; apply: functional_extensionality => s.
rewrite /rescaled_weights; case: insubP => [q _ -> //|].
rewrite !inE; case: (boolP ((u, s) \in A)) => h /=; last first.
  by move: h; rewrite -sw' inE /= /nonzero; case: Req_EM_T.
rewrite andbT negbK => /eqP e.
have ex : [exists s0, (u, s0) \in A] by apply/existsP; exists s.
have lu : u \in live A by rewrite inE.
have := one u lu; rewrite -/w' -e => a; rewrite ex /= /positive.
by case: Rlt_dec => h' /=; move: a; rewrite /Rabs; case: Rcase_abs; move: (w' u s) h' => z; lra.
Qed.
End Rescaled.

(** ** All architectures *)
Lemma growth_tree_unitsE (N U : nat) (m : R) : (0 < U)%N -> (U < N)%N -> 0 < m ->
  Rpower 2 (growth_tree_units (INR N) (INR U) m) =
  2 * (2 * exp 1 * m * 2 ^ U * INR U / INR (N - U)) ^ (N - U).
Proof.
move=> U0 UN m0; have e0 := exp_pos 1. have U0' := INR_gt0 U0.
have v0 : 0 < INR (N - U) by apply: INR_gt0; rewrite subn_gt0.
have vE : INR (N - U) = -1 * INR U + INR N by rewrite minus_INR; [lra | apply/leP/ltnW].
rewrite /growth_tree_units -vE; set z := 2 * exp 1 * INR U * m * / INR (N - U).
have z0 : 0 < z by rewrite /z; repeat apply: Rmult_lt_0_compat; try lra; apply: Rinv_0_lt_compat.
rewrite Rpower_plus Rpower_1; last by lra.
rewrite [INR (N - U) * _]Rmult_comm -Rpower_mult Rpower_pow; last exact: exp_pos.
rewrite Rpower_plus Rpower2_INR Rpower2_log // Rmult_comm; congr (_ * _ ^ _).
by rewrite /z /Rdiv; ring.
Qed.

(** the term of one unit, so that p below is not negative *)
Lemma growth_tree_units_ge0 (N : nat) (m : R) : (1 < N)%N -> INR N <= m ->
  0 <= growth_tree_units (INR N) 1 m.
Proof.
move=> N1 Nm; have n2 := INR_leq N1; rewrite INR2 in n2.
have e2 : 2 < exp 1 by have := exp_ineq1 1 R1_neq_R0; lra.
rewrite /growth_tree_units; set z := 2 * exp 1 * 1 * m * / _.
have z1 : 1 <= z.
  apply: (Rmult_le_reg_r (-1 * 1 + INR N)); first by lra.
  by rewrite /z Rmult_assoc Rinv_l; nra.
have l0 : 0 <= ln z.
  by rewrite -ln_1; case: z1 => [h|<-]; [left; apply: ln_increasing; lra | right].
have il : 0 < / ln 2 by apply: Rinv_0_lt_compat; apply: ln2_gt0.
have : 0 <= (-1 * 1 + INR N) * (1 + / ln 2 * ln z) by apply: Rmult_le_pos; nra.
lra.
Qed.

Section OneArchitecture.
Variables (d n : nat) (T : finType) (x : T -> point d) (p : R).
Let N := n.+1.
Hypotheses (N_gt1 : (1 < N)%N) (N_le : (N <= #|T|)%N).
Hypothesis p_max : forall U : nat, (0 < U)%N -> (U < N)%N ->
  growth_tree_units (INR N) (INR U) (INR #|T|) <= p.

Lemma p_ge0 : 0 <= p.
Proof.
apply: Rle_trans (@growth_tree_units_ge0 N (INR #|T|) N_gt1 (INR_leq N_le)) _.
exact: (p_max (U := 1)).
Qed.
Lemma pow_p_ge1 : 1 <= Rpower 2 p.
Proof. by rewrite -(Rpower_O 2); [apply: Rle_Rpower; [lra | exact: p_ge0] | lra]. Qed.

Lemma one_sign_choice (inc : code n) (A : {set slot d N}) (plus : {set 'I_N}) (S : {set {ffun T -> bool}}) :
  (#|A| <= N)%N ->
  (forall s, s \in S -> exists t, forall i,
     s i = positive (pre (layer_of inc) (@rescaled_weights d N (N - #|live A| - #|free A|) A plus t) (x i) ord_max)) ->
  INR #|S| <= Rpower 2 p.
Proof.
move=> cA hS; set U := #|live A|.
have ge1 := pow_p_ge1.
have alone : (#|S| <= 1)%N -> INR #|S| <= Rpower 2 p.
  by move/INR_leq; rewrite -[INR 1]/1 => h; lra.
have T0 : (0 < #|T|)%N by apply: leq_trans N_le.
have UN : (U <= N)%N by rewrite /U -card_free in cA *; apply: leq_trans cA; rewrite -card_free leq_addl.
have cV : #|@free_parameter d N (N - U - #|free A|) A| = (N - U)%N.
  rewrite card_free_parameter subnKC // -(leq_add2r U) subnK //.
  by rewrite card_free.
case: (posnP U) => [U0|U0].
  (* no unit has a parameter: the network is 0 everywhere *)
  apply: alone; apply/card_le1_eqP => s s' /hS[t hs] /hS[t' hs']; apply/ffunP => i; rewrite hs hs'.
  have dead u : u \notin live A by rewrite (cards0_eq U0) inE.
  have z t0 y b : act (@rescaled_weights d N (N - U - #|free A|) A plus t0) y b (x i) ord_max = 0.
    by apply: (act_dead (@rescaled_weights_dead d N _ A plus)); apply: dead.
  by rewrite /pre !z.
case: (ltnP U N) => [ltN|geN]; last first.
  (* every parameter is +1 or -1 *)
  have V0 : #|@free_parameter d N (N - U - #|free A|) A| = 0%N by rewrite cV; lia.
  apply: alone; apply/card_le1_eqP => s s' /hS[t hs] /hS[t' hs']; apply/ffunP => i; rewrite hs hs'.
  have -> // : t = t'; apply: functional_extensionality => v.
  by have := card0_eq V0 v; rewrite inE.
have v0 : (0 < N - U)%N by rewrite subn_gt0.
apply: Rle_trans (Rle_Rpower 2 _ _ _ (p_max U0 ltN)); last by lra.
rewrite growth_tree_unitsE //; last exact: INR_gt0.
apply: (@tree_bound d N (layer_of inc) _ _ (live A) _ (@rescaled_weights d N _ A plus)) hS => //.
- by move=> u v; apply: layer_of_monotone.
- exact: rescaled_weights_poly.
- by move=> t u s; apply: rescaled_weights_dead.
- by apply: leq_trans N_le; apply: leq_subr.
Qed.

Lemma one_architecture (inc : code n) (A : {set slot d N}) (S : {set {ffun T -> bool}}) :
  admissible (inc, A) ->
  (forall s, s \in S -> exists w, support w = A /\
     forall i, s i = positive (pre (layer_of inc) w (x i) ord_max)) ->
  INR #|S| <= 2 ^ #|live A| * Rpower 2 p.
Proof.
move=> /andP[aA cA] hS.
pose ok (s : {ffun T -> bool}) (plus : {set 'I_N}) := plus \in powerset (live A) /\
  exists t, forall i, s i =
    positive (pre (layer_of inc) (@rescaled_weights d N (N - #|live A| - #|free A|) A plus t) (x i) ord_max).
have [g hg] : exists g, forall s, s \in S -> ok s (g s).
  apply: (@fin_all_exists _ (fun _ => {set 'I_N}) (fun s plus => s \in S -> ok s plus)) => s.
  case: (boolP (s \in S)) => [sS|_]; last by exists set0.
  have [w [sw hs]] := hS s sS.
  have [plus [t [hp ht]]] := @rescaled_signs d N (N - #|live A| - #|free A|) A _ w sw aA.
  by exists plus => _; split; [rewrite inE | exists t => i; rewrite hs ht].
have E : #|S| = (\sum_(plus in powerset (live A)) #|[set s in S | g s == plus]|)%N.
  rewrite -sum1_card (partition_big g (mem (powerset (live A)))) /=; last by move=> s /hg[].
  by apply: eq_bigr => plus _; rewrite sum1dep_card; apply: eq_card => s; rewrite !inE.
have -> : 2 ^ #|live A| = INR #|powerset (live A)| by rewrite card_powerset INR_expn INR2.
rewrite E; apply: INR_sum_le => plus _; apply: (@one_sign_choice inc A plus) => // s.
by rewrite inE => /andP[/hg[_ h] /eqP <-].
Qed.
End OneArchitecture.

Theorem growth_tree_bounds (d n L : nat) (T : finType) (x : T -> point d) (p : R) (S : {set {ffun T -> bool}}) :
  (1 < n.+1)%N -> (n.+1 <= #|T|)%N ->
  (forall U : nat, (0 < U)%N -> (U < n.+1)%N ->
     growth_tree_units (INR n.+1) (INR U) (INR #|T|) <= p) ->
  (forall s, s \in S -> patterns (@tabled d n L) x s) ->
  INR #|S| <= Rpower 2 (growth_tree (INR n.+1) (INR d) + p).
Proof.
move=> N1 NT hp hS; have d0 := pos_INR d. have n0 := pos_INR n.+1. have e0 := exp_pos 1.
have pp : 0 < Rpower 2 p by exact: exp_pos.
have le : INR #|S| <= 2 ^ n * (exp 1 * slots_average d n.+1) ^ n.+1 * (2 ^ n.+1 * Rpower 2 p).
  apply: (patterns_of_all_architectures (x := x)) hS.
    by apply: Rmult_le_pos; [apply: pow_le; lra | lra].
  move=> inc A {}S adm _ hS; apply: Rle_trans (one_architecture N1 NT hp adm hS) _.
  apply: Rmult_le_compat_r; first by lra.
  apply: Rle_pow; first by lra.
  by apply/leP; apply: leq_trans (max_card _) _; rewrite card_ord.
apply: Rle_trans le _; right.
have -> : growth_tree (INR n.+1) (INR d) + p =
    INR n + INR n.+1 * (/ ln 2 * ln (exp 1 * slots_average d n.+1)) + (INR n.+1 + p).
  rewrite /growth_tree /slots_average (_ : INR d + 1 / 4 * INR n.+1 + 1 = INR n.+1 / 4 + INR d + 1); last by field.
  by rewrite (S_INR n); ring.
rewrite !Rpower_plus !Rpower2_INR Rpower2_log_pow //.
by rewrite /slots_average; apply: Rmult_lt_0_compat; lra.
Qed.
