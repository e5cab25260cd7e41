(** A network as one table of weights over numbered units.

    Units carry the number of their layer; units of layer l + 1 read units of layer l, those of
    layer 1 the inputs. Here is what a table computes, that it is a polynomial of the weights once
    the activations are fixed, and that one weight of each unit can be made +1 or -1. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
Require Import Definitions Sums Warren.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Section Table.
Variables (d n : nat).
(** what a weight of a unit multiplies: a unit, an input, or 1 (the bias) *)
Definition source := [finType of ('I_n + 'I_d + unit)%type].
Definition slot := [finType of ('I_n * source)%type].
Definition table := 'I_n -> source -> R.

Definition table_size (w : table) : nat := \sum_(u : 'I_n) \sum_(s : source) nonzero (w u s).
Definition support (w : table) : {set slot} := [set q | (0 < nonzero (w q.1 q.2))%N].
(** the units that have a weight or a bias *)
Definition live (A : {set slot}) : {set 'I_n} := [set u | [exists s, (u, s) \in A]].

Variable layer : 'I_n -> nat.
(** the slots that the layers allow *)
Definition allowed : {set slot} :=
  [set q : slot | match q.2 with
                  | inl (inl v) => layer q.1 == (layer v).+1
                  | inl (inr _) => layer q.1 == 1%N
                  | inr _ => true
                  end].

Definition act (w : table) (y : 'I_n -> R) (first : bool) (x : point d) (u : 'I_n) : R :=
  (\rsum_(v : 'I_n) (w u (inl (inl v)) * y v)) +
  (if first then \rsum_(j : 'I_d) (w u (inl (inr j)) * x j) else 0) + w u (inr tt).
(** the outputs of the units of layer l, 0 at all others *)
Fixpoint value (w : table) (x : point d) (l : nat) : 'I_n -> R :=
  match l with
  | O => fun _ => 0
  | S l' => fun u => if layer u == l'.+1 then relu (act w (value w x l') (l' == 0%N) x u) else 0
  end.
(** the input of unit u before its activation *)
Definition pre (w : table) (x : point d) (u : 'I_n) : R :=
  act w (value w x (layer u).-1) ((layer u).-1 == 0%N) x u.

(** the same with fixed activations: the units of a pass their input on, all others give 0 *)
Fixpoint masked (a : 'I_n -> bool) (w : table) (x : point d) (l : nat) : 'I_n -> R :=
  match l with
  | O => fun _ => 0
  | S l' => fun u =>
      if layer u == l'.+1 then (if a u then act w (masked a w x l') (l' == 0%N) x u else 0) else 0
  end.
Definition masked_pre (a : 'I_n -> bool) (w : table) (x : point d) (u : 'I_n) : R :=
  act w (masked a w x (layer u).-1) ((layer u).-1 == 0%N) x u.

Lemma value_masked (a : 'I_n -> bool) w x L :
  (forall u, (layer u <= L)%N -> a u = positive (pre w x u)) ->
  forall l, (l <= L)%N -> value w x l = masked a w x l.
Proof.
move=> h; elim=> [|l IH] lL //=; apply: functional_extensionality => u.
case: eqP => // lu; rewrite -IH; last by apply: ltnW.
rewrite h; last by rewrite lu.
rewrite /pre lu /= /positive; case: Rlt_dec => p; first by rewrite relu_id //; lra.
by rewrite relu_eq0 //; lra.
Qed.

Lemma pre_masked (a : 'I_n -> bool) w x u :
  (forall v, (layer v <= (layer u).-1)%N -> a v = positive (pre w x v)) ->
  pre w x u = masked_pre a w x u.
Proof. by move=> h; rewrite /pre /masked_pre (value_masked h). Qed.

(** *** Weights that are polynomials of degree 1 of parameters V *)
Section Polynomials.
Variables (V : finType) (weights : (V -> R) -> table).
Hypothesis weights_poly : forall u s, poly 1 (fun t => weights t u s).

Lemma act_poly (y : 'I_n -> (V -> R) -> R) D b x u :
  (forall v, poly D (y v)) -> poly D.+1 (fun t => act (weights t) (fun v => y v t) b x u).
Proof.
move=> hy; apply: poly_add; last by apply: (@poly_up _ 1) => //; apply: weights_poly.
apply: poly_add.
  by apply: poly_sum => v; rewrite -[D.+1]/(1 + D)%N; apply: poly_mul; [apply: weights_poly | apply: hy].
case: b; last exact: poly0.
apply: (@poly_up _ 1) => //; apply: poly_sum => j; rewrite -[1%N]/(1 + 0)%N.
by apply: poly_mul; [apply: weights_poly | apply: poly_const].
Qed.

Lemma masked_poly a x l u : poly l (fun t => masked a (weights t) x l u).
Proof.
elim: l u => [|l IH] u /=; first exact: poly0.
case: (layer u == l.+1); last exact: poly0.
case: (a u); last exact: poly0.
exact: (@act_poly (fun v t => masked a (weights t) x l v)).
Qed.

Lemma masked_pre_poly a x u : (0 < layer u)%N -> poly (layer u) (fun t => masked_pre a (weights t) x u).
Proof.
move=> pos; rewrite -{1}(prednK pos).
apply: (@act_poly (fun v t => masked a (weights t) x (layer u).-1 v)) => v; exact: masked_poly.
Qed.

(** Units without a parameter give 0, so that the degree is at most the number of all others. *)
Variable alive : {set 'I_n}.
Hypothesis weights_dead : forall t u s, u \notin alive -> weights t u s = 0.
Let alive_to l := [set v in alive | (layer v <= l)%N].

Lemma act_dead t y b x u : u \notin alive -> act (weights t) y b x u = 0.
Proof.
move=> du; have z := fun s => weights_dead t s du; rewrite /act !rsum0 ?z; first by case: b; lra.
  by move=> j; rewrite z; lra.
by move=> v; rewrite z; lra.
Qed.

Lemma alive_below l u : u \in alive -> layer u = l.+1 -> (#|alive_to l| < #|alive_to l.+1|)%N.
Proof.
move=> ua lu; apply: proper_card; apply/properP; split.
  by apply/subsetP=> v; rewrite !inE => /andP[-> /= h]; apply: leqW.
by exists u; rewrite !inE ua lu ?leqnn ?ltnn.
Qed.

Lemma masked_poly_alive a x l u : poly #|alive_to l| (fun t => masked a (weights t) x l u).
Proof.
elim: l u => [|l IH] u /=; first exact: poly0.
case: eqP => lu; last exact: poly0.
case: (a u); last exact: poly0.
case: (boolP (u \in alive)) => ua; last first.
  rewrite (_ : (fun _ => _) = fun _ => 0); first exact: poly0.
  by apply: functional_extensionality => t; apply: act_dead.
apply: poly_up (alive_below ua lu) _.
exact: (@act_poly (fun v t => masked a (weights t) x l v)).
Qed.

Lemma masked_pre_poly_alive a x u : (0 < layer u)%N ->
  poly #|alive| (fun t => masked_pre a (weights t) x u).
Proof.
move=> pos; case: (boolP (u \in alive)) => ua; last first.
  rewrite (_ : (fun _ => _) = fun _ => 0); first exact: poly0.
  by apply: functional_extensionality => t; apply: act_dead.
have lt := alive_below ua (esym (prednK pos)).
apply: (@poly_up _ #|alive_to (layer u).-1|.+1).
  by apply: leq_trans lt _; apply: subset_leq_card; apply/subsetP=> v; rewrite inE => /andP[].
apply: (@act_poly (fun v t => masked a (weights t) x (layer u).-1 v)) => v; exact: masked_poly_alive.
Qed.
End Polynomials.

(** *** Rescaling: divide what enters unit u by scale u > 0, multiply what leaves it *)
Definition leaves (scale : 'I_n -> R) (s : source) : R :=
  if s is inl (inl v) then scale v else 1.
Definition scaled (scale : 'I_n -> R) (w : table) : table :=
  fun u s => w u s * leaves scale s / scale u.

Section Rescaling.
Variables (w : table) (x : point d).

Lemma act_scaled scale y b u : (forall v, 0 < scale v) ->
  act (scaled scale w) (fun v => y v / scale v) b x u = act w y b x u / scale u.
Proof.
move=> pos; have nz v : scale v <> 0 by have := pos v; lra.
rewrite /act /scaled /leaves /Rdiv !Rmult_plus_distr_r; congr (_ + _ + _); last by lra.
  by rewrite Rmult_comm rsum_scale; apply: eq_bigr => v _; field; split; apply: nz.
case: b; last by lra.
by rewrite Rmult_comm rsum_scale; apply: eq_bigr => j _; lra.
Qed.

Lemma value_scaled scale l u : (forall v, 0 < scale v) ->
  value (scaled scale w) x l u = value w x l u / scale u.
Proof.
move=> pos; elim: l u => [|l IH] u /=; first by lra.
case: ifP => _; last by lra.
rewrite (_ : value (scaled scale w) x l = fun v => value w x l v / scale v); last first.
  by apply: functional_extensionality => v; rewrite IH.
rewrite act_scaled //; have i : 0 < / scale u by apply: Rinv_0_lt_compat.
set z := act _ _ _ _ _; rewrite /relu; case: (Rle_lt_dec 0 z) => h.
  rewrite !Rmax_left //; apply: Rmult_le_pos; lra.
rewrite !Rmax_right; try lra.
by have : z * / scale u <= 0 by nra.
Qed.

Lemma positive_pre_scaled scale u : (forall v, 0 < scale v) ->
  positive (pre (scaled scale w) x u) = positive (pre w x u).
Proof.
move=> pos; rewrite /pre.
rewrite (_ : value (scaled scale w) x _ = fun v => value w x (layer u).-1 v / scale v); last first.
  by apply: functional_extensionality => v; rewrite value_scaled.
rewrite act_scaled //; set z := act _ _ _ _ _.
have i : 0 < / scale u by apply: Rinv_0_lt_compat.
case: (Rle_lt_dec z 0) => h; last by rewrite !positive_true //; apply: Rmult_lt_0_compat.
by rewrite !positive_false //; rewrite /Rdiv; nra.
Qed.
End Rescaling.

Lemma scaled_support scale w : (forall v, 0 < scale v) -> support (scaled scale w) = support w.
Proof.
move=> pos; apply/setP => -[u s]; rewrite !inE /= /scaled.
have nz v : scale v <> 0 by have := pos v; lra.
have l0 : leaves scale s <> 0 by rewrite /leaves; case: s => [[v|j]|b] //; lra.
case: (Req_EM_T (w u s) 0) => [->|n0]; first by rewrite /Rdiv !Rmult_0_l.
rewrite !nonzero1 //; apply: Rmult_integral_contrapositive_currified; last exact: Rinv_neq_0_compat.
exact: Rmult_integral_contrapositive_currified.
Qed.

(** one slot of each live unit, chosen beforehand, gets the weight +1 or -1 *)
Lemma rescale (w : table) (chosen : 'I_n -> source) (alive : pred 'I_n) :
  (forall u, alive u -> (u, chosen u) \in support w) -> support w \subset allowed ->
  exists scale, (forall u, 0 < scale u) /\
    forall u, alive u -> Rabs (scaled scale w u (chosen u)) = 1.
Proof.
move=> hc ha.
have nzw u : alive u -> w u (chosen u) <> 0.
  by move/hc; rewrite inE /nonzero /=; case: Req_EM_T.
have below u v : alive u -> chosen u = inl (inl v) -> layer u = (layer v).+1.
  by move/hc => h e; move/subsetP: ha => /(_ _ h); rewrite inE /= e => /eqP.
suff key L : exists scale, (forall u, 0 < scale u) /\
    forall u, alive u -> (layer u <= L)%N -> Rabs (scaled scale w u (chosen u)) = 1.
  have [scale [pos h]] := key (\max_u layer u)%N.
  by exists scale; split=> // u au; apply: h => //; apply: leq_bigmax.
elim: L => [|L [scale [pos IH]]].
  pose scale u := if alive u && (layer u == 0%N) then Rabs (w u (chosen u)) else 1.
  have pos : forall u, 0 < scale u.
    move=> u; rewrite /scale; case: ifP => [/andP[au _]|_]; last by lra.
    by apply: Rabs_pos_lt; apply: nzw.
  exists scale; split=> // u au; rewrite leqn0 => l0.
  have e : leaves scale (chosen u) = 1.
    rewrite /leaves; case E: (chosen u) => [[v|j]|b] //.
    by move: l0; rewrite (below _ _ au E).
  have := Rabs_no_R0 _ (nzw u au); rewrite /scaled e /scale au l0 /= => nz.
  rewrite Rmult_1_r /Rdiv Rabs_mult Rabs_inv Rabs_Rabsolu; by field.
pose scale' u := if alive u && (layer u == L.+1) then Rabs (w u (chosen u)) * leaves scale (chosen u) else scale u.
have lpos s : 0 < leaves scale s by rewrite /leaves; case: s => [[v|j]|b] //; lra.
exists scale'; split.
  move=> u; rewrite /scale'; case: ifP => // /andP[au _].
  by apply: Rmult_lt_0_compat => //; apply: Rabs_pos_lt; apply: nzw.
move=> u au uL.
have e : leaves scale' (chosen u) = leaves scale (chosen u).
  rewrite /leaves; case E: (chosen u) => [[v|j]|b] //; rewrite /scale'.
  by have h := below _ _ au E; rewrite h in uL; rewrite (ltn_eqF uL) andbF.
rewrite /scaled e; rewrite {1}/scale' au /=; case: eqP => lu; last first.
  by apply: IH => //; move: uL; rewrite leq_eqVlt => /orP[/eqP|].
have := Rabs_no_R0 _ (nzw u au) => nz; have := lpos (chosen u) => l0.
rewrite /Rdiv Rabs_mult Rabs_inv !Rabs_mult Rabs_Rabsolu (Rabs_pos_eq _ (Rlt_le _ _ l0)).
by field; lra.
Qed.
End Table.
