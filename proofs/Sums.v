(** Finite sums of real numbers, and counts of non-zero numbers. *)
From Coq Require Import Reals Lra ZArith.
From Flocq Require Import Core.
From mathcomp Require Import all_ssreflect.
Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** MathComp's lemmas on big operators apply to sums of reals once these are declared. *)
Lemma RplusA : associative Rplus. Proof. by move=> x y z; lra. Qed.
Lemma RplusC : commutative Rplus. Proof. by move=> x y; lra. Qed.
Lemma Rplus0 : left_id 0 Rplus. Proof. by move=> x; lra. Qed.
Canonical Rplus_monoid := Monoid.Law RplusA Rplus0 (fun x => Rplus_0_r x).
Canonical Rplus_comoid := Monoid.ComLaw RplusC.

Section RealSums.
Variable I : finType.

Lemma rsum0 (f : I -> R) : (forall i, f i = 0) -> \rsum_(i : I) f i = 0.
Proof. by move=> h; elim/big_rec: _ => // i x _ ->; rewrite h; lra. Qed.

Lemma rsum_ge0 (P : pred I) (f : I -> R) : (forall i, 0 <= f i) -> 0 <= \big[Rplus/0]_(i | P i) f i.
Proof. by move=> h; elim/big_rec: _ => [|i x _ Hx]; [lra | move: (h i); lra]. Qed.

Lemma rsum_ge_term (f : I -> R) (k : I) : (forall i, 0 <= f i) -> f k <= \rsum_(i : I) f i.
Proof. by move=> h; rewrite (bigD1 k) //=; have := rsum_ge0 (fun i => i != k) h; lra. Qed.

Lemma rsum_le0 (P : pred I) (f : I -> R) : (forall i, f i <= 0) -> \big[Rplus/0]_(i | P i) f i <= 0.
Proof. by move=> h; elim/big_rec: _ => [|i x _ Hx]; [lra | move: (h i); lra]. Qed.

Lemma rsum_le_term (f : I -> R) (k : I) : (forall i, f i <= 0) -> \rsum_(i : I) f i <= f k.
Proof. by move=> h; rewrite (bigD1 k) //=; have := rsum_le0 (fun i => i != k) h; lra. Qed.

(** only the term of k is not zero *)
Lemma rsum_only (f : I -> R) (k : I) : (forall i, i != k -> f i = 0) -> \rsum_(i : I) f i = f k.
Proof. by move=> h; rewrite (bigD1 k) //= big1 /=; [lra | by []]. Qed.

Lemma rsum_scale (s : R) (f : I -> R) : s * (\rsum_(i : I) f i) = \rsum_(i : I) (s * f i).
Proof. by elim/big_rec2: _ => [|i x y _ <-]; lra. Qed.

Lemma INR_sum (f : I -> nat) : INR (\sum_(i : I) f i) = \rsum_(i : I) INR (f i).
Proof. by elim/big_rec2: _ => [|i x y _ <-] //; rewrite plus_INR. Qed.

(** a sum of at most #|A| numbers that are at most b *)
Lemma INR_sum_le (A : {set I}) (c : I -> nat) (b : R) :
  (forall i, i \in A -> INR (c i) <= b) -> INR (\sum_(i in A) c i) <= INR #|A| * b.
Proof.
move=> h; rewrite -sum1_card.
rewrite /index_enum; case: index_enum_key; move: (Finite.enum I) => r /=.
elim: r => [|i r IH]; first by rewrite !big_nil /= Rmult_0_l; apply: Rle_refl.
rewrite !big_cons; case: ifP => // iA; rewrite !plus_INR [INR 1]/=.
by have := h i iA; lra.
Qed.
End RealSums.

(** Sums over what a partial injection reaches. *)
Section PartialInjection.
Variables (K U : finType) (tau : K -> option U).
Hypothesis inj : forall k k' u, tau k = Some u -> tau k' = Some u -> k = k'.

Lemma rsum_partial (F : U -> R) : (forall u, F u <> 0 -> exists k, tau k = Some u) ->
  \rsum_(k : K) (if tau k is Some u then F u else 0) = \rsum_(u : U) F u.
Proof.
move=> surj.
transitivity (\rsum_(k : K) \rsum_(u : U) (if tau k == Some u then F u else 0)).
  apply: eq_bigr => k _; case E: (tau k) => [u|]; last by rewrite rsum0.
  rewrite (rsum_only (k := u)) ?eqxx // => v ne; case: eqP => // -[e]; by rewrite e eqxx in ne.
rewrite exchange_big /=; apply: eq_bigr => u _.
case: (Req_EM_T (F u) 0) => [z|nzF].
  by rewrite rsum0 ?z // => k; case: ifP.
have [k hk] := surj u nzF.
rewrite (rsum_only (k := k)) ?hk ?eqxx // => k' ne; case: eqP => // e.
by rewrite (inj e hk) eqxx in ne.
Qed.

Lemma nsum_partial (F : U -> nat) :
  (\sum_(k : K) (if tau k is Some u then F u else 0) <= \sum_(u : U) F u)%N.
Proof.
rewrite (eq_bigr (fun k => \sum_(u : U) (if tau k == Some u then F u else 0)%N)).
  rewrite exchange_big /=; apply: leq_sum => u _.
  case: (pickP (fun k => tau k == Some u)) => [k /eqP hk|h].
    rewrite (bigD1 k) //= hk eqxx big1 ?addn0 // => k' ne; case: eqP => // e.
    by rewrite (inj e hk) eqxx in ne.
  by rewrite big1 // => k _; rewrite h.
move=> k _; case E: (tau k) => [u|]; last by rewrite big1.
rewrite (bigD1 u) //= eqxx big1 ?addn0 // => v ne; case: eqP => // -[e]; by rewrite e eqxx in ne.
Qed.
End PartialInjection.

Lemma INR_expn (a b : nat) : INR (a ^ b)%N = INR a ^ b.
Proof. by elim: b => [|b IH] //=; rewrite expnS mult_INR IH. Qed.
Lemma INR_muln (a b : nat) : INR (a * b)%N = INR a * INR b. Proof. exact: mult_INR. Qed.
Lemma INR_addn (a b : nat) : INR (a + b)%N = INR a + INR b. Proof. exact: plus_INR. Qed.
Lemma INR2 : INR 2 = 2. Proof. by rewrite /=; lra. Qed.
Lemma INR_gt0 (a : nat) : (0 < a)%N -> 0 < INR a. Proof. by move=> h; apply: lt_0_INR; apply/ltP. Qed.
Lemma INR_ge1 (a : nat) : (0 < a)%N -> 1 <= INR a. Proof. by move=> h; apply: (le_INR 1); apply/leP. Qed.
Lemma INR_leq (a b : nat) : (a <= b)%N -> INR a <= INR b. Proof. by move=> h; apply: le_INR; apply/leP. Qed.
Lemma leq_INR (a b : nat) : INR a <= INR b -> (a <= b)%N. Proof. by move/INR_le/leP. Qed.

(** ** What single numbers contribute to a size *)
Lemma nonzero_le1 (x : R) : (nonzero x <= 1)%N. Proof. by rewrite /nonzero; case: Req_EM_T. Qed.
Lemma nonzero0 : nonzero 0 = 0%N. Proof. by rewrite /nonzero; case: Req_EM_T. Qed.
Lemma nonzero1 (x : R) : x <> 0 -> nonzero x = 1%N. Proof. by rewrite /nonzero; case: Req_EM_T. Qed.
Lemma nonzero_if (b : bool) (x : R) : (nonzero (if b then x else 0%R) <= b)%N.
Proof. by case: b; rewrite ?nonzero_le1 ?nonzero0. Qed.

Lemma relu_ge0 x : 0 <= relu x. Proof. by rewrite /relu; apply: Rmax_r. Qed.
Lemma relu_eq0 x : x <= 0 -> relu x = 0. Proof. by move=> h; rewrite /relu Rmax_right. Qed.
Lemma relu_id x : 0 <= x -> relu x = x. Proof. by move=> h; rewrite /relu Rmax_left. Qed.
Lemma relu_ge x : x <= relu x. Proof. by rewrite /relu; apply: Rmax_l. Qed.

Lemma positive_true y : 0 < y -> positive y = true.
Proof. by rewrite /positive; case: Rlt_dec. Qed.
Lemma positive_false y : y <= 0 -> positive y = false.
Proof. by rewrite /positive; case: Rlt_dec => // h1 h2; exfalso; lra. Qed.

(** ** Floors *)
Lemma whole_INR n : whole (INR n) = n.
Proof. by rewrite /whole INR_IZR_INZ Zfloor_IZR Nat2Z.id. Qed.
Lemma INR_whole r : 0 <= r -> INR (whole r) = floor r.
Proof. by move=> h; rewrite /whole /floor INR_IZR_INZ Z2Nat.id //; apply: Zfloor_lub. Qed.
Lemma floor_le r : floor r <= r. Proof. exact: Zfloor_lb. Qed.
Lemma floor_gt r : r < floor r + 1. Proof. exact: Zfloor_ub. Qed.
Lemma floor_ge n r : INR n <= r -> INR n <= floor r.
Proof. by rewrite INR_IZR_INZ => h; apply: IZR_le; apply: Zfloor_lub. Qed.
Lemma floor_ge0 r : 0 <= r -> 0 <= floor r. Proof. by move=> h; apply: (@floor_ge 0). Qed.
Lemma whole_ge n r : INR n <= r -> (n <= whole r)%N.
Proof.
move=> h; have r0 : 0 <= r by have := pos_INR n; lra.
by apply: leq_INR; rewrite INR_whole //; apply: floor_ge.
Qed.
Lemma floor_half (n : nat) : floor (1 / 2 * INR n) = INR n./2.
Proof.
have E : INR n = INR (odd n) + INR n./2 * 2.
  by rewrite -{1}(odd_double_half n) INR_addn -muln2 INR_muln INR2.
rewrite [RHS]INR_IZR_INZ /floor; congr IZR; apply: Zfloor_imp.
by rewrite plus_IZR -INR_IZR_INZ E; case: (odd n) => /=; lra.
Qed.
