(** From labellings to patterns: a pattern serves at most a Hamming ball of labellings. *)
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

Section Hamming.
Variable T : finType.
Notation labelling := {ffun T -> bool}.

Definition wrong (s y : labelling) : {set T} := [set i | s i != y i].
Definition ball (s : labelling) (k : nat) : {set labelling} := [set y | #|wrong s y| <= k].
Definition hamming (m k : nat) : nat := \sum_(i < k.+1) 'C(m, i).

Lemma wrong_self s : wrong s s = set0.
Proof. by apply/setP=> i; rewrite !inE eqxx. Qed.

Lemma wrong_inj s : injective (wrong s).
Proof.
move=> y z /setP E; apply/ffunP=> i; move: (E i); rewrite !inE.
by case: (s i); case: (y i); case: (z i).
Qed.

Lemma card_small_sets (B : {set T}) k :
  #|[set A : {set T} | (A \subset B) && (#|A| <= k)]| = hamming #|B| k.
Proof.
elim: k => [|k IH]; first rewrite /hamming big_ord_recl big_ord0 addn0 bin0.
  rewrite (_ : [set _ | _] = [set set0]) ?cards1 //.
  apply/setP=> A; rewrite !inE leqn0 cards_eq0.
  by case: eqP => [->|]; rewrite ?sub0set ?andbF.
rewrite /hamming big_ord_recr /= -/(hamming _ k) -IH -(cards_draws B k.+1).
rewrite (_ : [set A : {set T} | (A \subset B) && (#|A| <= k.+1)] =
   [set A : {set T} | (A \subset B) && (#|A| <= k)] :|:
   [set A : {set T} | (A \subset B) && (#|A| == k.+1)]).
  rewrite cardsU (_ : _ :&: _ = set0) ?cards0 ?subn0 //.
  apply/setP=> A; rewrite !inE; apply/negbTE/negP=> /andP[/andP[_ h] /andP[_ /eqP e]].
  by move: h; rewrite e ltnn.
by apply/setP=> A; rewrite !inE leq_eqVlt ltnS orbC andb_orr.
Qed.

Lemma card_ball s k : #|ball s k| = hamming #|T| k.
Proof.
rewrite -(cardsT T) -card_small_sets -(card_imset _ (@wrong_inj s)).
apply: eq_card => A; apply/imsetP/idP => [[y]|]; rewrite !inE.
  by move=> h ->; rewrite subsetT.
rewrite subsetT /= => h; exists [ffun i => if i \in A then ~~ s i else s i].
  rewrite inE (_ : wrong _ _ = A) //.
  by apply/setP=> i; rewrite !inE ffunE; case: (i \in A); case: (s i).
by apply/setP=> i; rewrite !inE ffunE; case: (i \in A); case: (s i).
Qed.

(** If every labelling is met up to k errors by a pattern that a class realises, the class realises
    a set of patterns whose Hamming balls cover all labellings. *)
Theorem patterns_cover_labellings (realised : labelling -> Prop) (k : nat) :
  (forall y, exists s, realised s /\ #|wrong s y| <= k) ->
  exists S : {set labelling},
    (forall s, s \in S -> realised s) /\ 2 ^ #|T| <= #|S| * hamming #|T| k.
Proof.
move=> every.
have [g Hg] := @fin_all_exists _ (fun _ => labelling) (fun y s => realised s /\ #|wrong s y| <= k) every.
pose S := g @: [set: labelling].
exists S; split; first by move=> s /imsetP[y _ ->]; case: (Hg y).
have cover : [set: labelling] \subset \bigcup_(s in S) ball s k.
  apply/subsetP=> y _; apply/bigcupP; exists (g y); first by apply: imset_f; rewrite inE.
  by rewrite inE; case: (Hg y).
have -> : 2 ^ #|T| = #|[set: labelling]| by rewrite cardsT card_ffun card_bool.
apply: leq_trans (subset_leq_card cover) _.
apply: leq_trans (_ : \sum_(s in S) #|ball s k| <= _); last first.
  by rewrite (eq_bigr (fun=> hamming #|T| k)) ?sum_nat_const // => s _; rewrite card_ball.
elim/big_rec2: _ => [|s n U _ IH]; first by rewrite cards0.
by rewrite (leq_trans (leq_of_leqif (leq_card_setU _ _))) // leq_add2l.
Qed.
End Hamming.
