(** Every network of size at most n + 1 is a table of n + 1 units.

    First the layers of a network are put side by side, as a table over all its units. Then the
    units that carry no parameter are dropped, the others are numbered layer by layer with the output
    last, and the layers are coded by n bits: where the next unit starts a new layer. *)
From Coq Require Import Reals Lra ZArith Lia FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Sums Warren Table.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** ** The layers side by side *)
Section SideBySide.
Variables (T U : finType).
Notation src := (U + T + unit)%type.
(** what enters unit u where the units give y *)
Definition input (w : U -> src -> R) (y : U -> R) (x : T -> R) (u : U) : R :=
  (\rsum_(v : U) (w u (inl (inl v)) * y v)) + (\rsum_(t : T) (w u (inl (inr t)) * x t)) + w u (inr tt).
Definition size_over (w : U -> src -> R) : nat := \sum_(u : U) \sum_(s : src) nonzero (w u s).
Record flat (N : network T) (w : U -> src -> R) (layer : U -> nat) (out : U) : Prop := {
  flat_positive : forall u, (0 < layer u)%N;
  flat_last : forall u, (layer u <= layer out)%N;
  flat_depth : layer out = depth N;
  flat_units : forall u v, w u (inl (inl v)) <> 0 -> layer u = (layer v).+1;
  flat_inputs : forall u t, w u (inl (inr t)) <> 0 -> layer u = 1%N;
  flat_size : (size_over w <= size N)%N;
  flat_eval : forall x, exists y, (forall u, y u = relu (input w y x u)) /\ eval N x = input w y x out }.
End SideBySide.

Lemma nsum_unit (F : unit -> nat) : (\sum_(u : unit) F u = F tt)%N.
Proof. by rewrite (bigD1 tt) //= [X in (_ + X)%N]big1 ?addn0 //; case. Qed.
Lemma nsum_source (T U : finType) (F : (U + T + unit)%type -> nat) :
  (\sum_s F s = \sum_(u : U) F (inl (inl u)) + \sum_(t : T) F (inl (inr t)) + F (inr tt))%N.
Proof. by rewrite big_sumType /= big_sumType /= nsum_unit. Qed.

Lemma flatten (T : finType) (N : network T) : exists (U : finType) w layer (out : U), flat N w layer out.
Proof.
elim: N => [{}T w b | {}T J W b rest [U [w' [layer' [out' F]]]]].
  pose w1 (u : unit) (s : unit + T + unit) : R :=
    match s with inl (inl _) => 0 | inl (inr t) => w t | inr _ => b end.
  exists [finType of unit], w1, (fun _ => 1%N), tt; split=> //.
  - by rewrite /size_over nsum_unit nsum_source /= [X in (X + _ + _ <= _)%N]big1 // => i _; rewrite nonzero0.
  - move=> x; exists (fun _ => relu (input w1 (fun _ => 0) x tt)).
    have E : forall y, input w1 y x tt = input w1 (fun _ => 0) x tt.
      by move=> y; rewrite /input !(@rsum0 [finType of unit]) // => i /=; lra.
    split; first by case; rewrite E.
    by rewrite E /input rsum0 /= => [|i]; lra.
pose w1 (u : J + U) (s : J + U + T + unit) : R :=
  match u, s with
  | inl j, inl (inl _) => 0
  | inl j, inl (inr t) => W j t
  | inl j, inr _ => b j
  | inr u, inl (inl (inl j)) => w' u (inl (inr j))
  | inr u, inl (inl (inr v)) => w' u (inl (inl v))
  | inr u, inl (inr _) => 0
  | inr u, inr _ => w' u (inr tt)
  end.
pose layer (u : J + U) : nat := match u with inl _ => 1%N | inr u => (layer' u).+1 end.
case: F => Fp Ft Fd Fu Fi Fs Fe.
exists [finType of (J + U)%type], w1, layer, (inr out'); split.
- by case.
- by case=> [j|u] /=; rewrite ltnS ?Fp // Ft.
- by rewrite /= Fd.
- case=> [j|u] [j'|v] /=; try by case.
    by move/Fi ->.
  by move/Fu ->.
- by case=> [j|u] t //= [].
- rewrite /size_over big_sumType /= leq_add //.
    apply: leq_sum => j _; rewrite nsum_source /=.
    by rewrite [X in (X + _ + _ <= _)%N]big1 // => i _; rewrite nonzero0.
  apply: leq_trans Fs; apply: leq_sum => u _.
  rewrite nsum_source /= big_sumType /= [X in (_ + X + _ <= _)%N]big1 ?addn0; last by move=> i _; rewrite nonzero0.
  by rewrite nsum_source leq_add2r addnC.
- move=> x; pose yJ j := relu (\rsum_(i : T) (W j i * x i) + b j).
  have [y' [Hy He]] := Fe yJ.
  pose y (u : J + U) : R := match u with inl j => yJ j | inr u => y' u end.
  have E : forall u, input w1 y x (inr u) = input w' y' yJ u.
    move=> u; rewrite /input big_sumType /= [X in _ + X + _]rsum0; last by move=> i; lra.
    by rewrite [\rsum_(j : J) _ + _]Rplus_comm; lra.
  exists y; split; last by rewrite E -He.
  case=> [j|u] /=; last by rewrite E.
  rewrite /input [X in X + _ + _]rsum0 ?Rplus_0_l //= => i; lra.
Qed.

(** ** Layers of numbered units, coded by where a new layer starts *)
Fixpoint steps (b : nat -> bool) (i : nat) : nat :=
  match i with O => 0%N | S i' => (steps b i' + b i')%N end.
Lemma steps_le b i : (steps b i <= i)%N.
Proof. by elim: i => //= i IH; case: (b i); lia. Qed.

Section Code.
Variable n : nat.
Definition code := {ffun 'I_n -> bool}.
Definition step (inc : code) (i : nat) : bool := if insub i is Some v then inc v else false.
Definition layer_of (inc : code) (u : 'I_n.+1) : nat := (steps (step inc) u).+1.

Lemma layer_of_monotone inc (u v : 'I_n.+1) : (u <= v)%N -> (layer_of inc u <= layer_of inc v)%N.
Proof.
move=> uv; rewrite /layer_of ltnS -(subnKC uv).
by elim: (v - u)%N => [|k IH]; [rewrite addn0 | rewrite addnS /=; lia].
Qed.

(** A level that does not fall has a step where it rises. *)
Variable level : nat -> nat.
Hypothesis monotone : forall i, (i < n)%N -> (level i <= level i.+1)%N.
Definition rises : code := [ffun i : 'I_n => (level i < level i.+1)%N].
Let st i := steps (step rises) i.

Lemma st_succ i : (i < n)%N -> st i.+1 = (st i + (level i < level i.+1)%N)%N.
Proof. by move=> h; rewrite /st /= /step insubT ffunE. Qed.
Lemma st_between i j : (i <= j)%N -> (j <= n)%N ->
  (level i <= level j)%N /\ (st i <= st j)%N /\ (st j - st i <= level j - level i)%N /\
  ((level i < level j)%N -> (st i < st j)%N).
Proof.
move=> ij; rewrite -(subnKC ij); elim: (j - i)%N => [|k IH] h; first by rewrite addn0; lia.
have := IH ltac:(lia) => -[a [b [c e]]].
have m := monotone (i := (i + k)%N) ltac:(lia).
have s := st_succ (i := (i + k)%N) ltac:(lia).
rewrite addnS s; case: ltnP => q; split; try lia; split; try lia; split; try lia.
Qed.
Lemma st_lt_level i : (i <= n)%N -> (0 < level 0)%N -> (st i < level i)%N.
Proof.
move=> h l0; have [a [b [c e]]] := st_between (leq0n i) h.
by have : st 0 = 0%N by []; lia.
Qed.
Lemma layer_rises (u : 'I_n.+1) : layer_of rises u = (st u).+1. Proof. by []. Qed.
Lemma layer_succ (u v : 'I_n.+1) : level u = (level v).+1 -> layer_of rises u = (layer_of rises v).+1.
Proof.
move=> e; rewrite !layer_rises; congr S.
have ub : (u <= n)%N by rewrite -ltnS. have vb : (v <= n)%N by rewrite -ltnS.
case: (leqP v u) => h.
  have [a [b [c f]]] := st_between h ub; have := f ltac:(lia); lia.
by have [a _] := st_between (ltnW h) vb; lia.
Qed.
Lemma layer_one (u : 'I_n.+1) : (0 < level 0)%N -> level u = 1%N -> layer_of rises u = 1%N.
Proof.
move=> l0 e; rewrite layer_rises; have ub : (u <= n)%N by rewrite -ltnS.
by have := st_lt_level ub l0; lia.
Qed.
Lemma layer_le (u : 'I_n.+1) : (0 < level 0)%N -> (layer_of rises u <= level u)%N.
Proof. by move=> l0; rewrite layer_rises; apply: st_lt_level; rewrite // -ltnS. Qed.
End Code.

(** ** In a table that respects the layers, the equations of the units have one solution *)
Section Solve.
Variables (d n : nat) (layer : 'I_n -> nat) (w : table d n).
Hypothesis units : forall u v, w u (inl (inl v)) <> 0 -> layer u = (layer v).+1.
Hypothesis inputs : forall u j, w u (inl (inr j)) <> 0 -> layer u = 1%N.
Hypothesis pos : forall u, (0 < layer u)%N.
Variables (x : point d) (y : 'I_n -> R).
Hypothesis sol : forall u, y u = relu (@input [finType of 'I_d] [finType of 'I_n] w y x u).

Lemma act_input l u : (forall v, layer v = l -> value layer w x l v = y v) -> layer u = l.+1 ->
  act w (value layer w x l) (l == 0%N) x u = @input [finType of 'I_d] [finType of 'I_n] w y x u.
Proof.
move=> IH lu; rewrite /act /input; congr (_ + _ + _).
  apply: eq_bigr => v _; case: (Req_EM_T (w u (inl (inl v))) 0) => [->|nzw]; first by lra.
  by rewrite IH //; move: (units nzw); rewrite lu => -[].
case: eqP => // l0; rewrite rsum0 // => j.
case: (Req_EM_T (w u (inl (inr j))) 0) => [->|nzw]; first by lra.
by move: (inputs nzw); rewrite lu => -[].
Qed.
Lemma value_sol l u : layer u = l -> value layer w x l u = y u.
Proof.
elim: l u => [|l IH] u lu; first by move: (pos u); rewrite lu.
by rewrite /= lu eqxx sol act_input.
Qed.
Lemma pre_sol u : pre layer w x u = @input [finType of 'I_d] [finType of 'I_n] w y x u.
Proof.
rewrite /pre; apply: act_input; last by rewrite prednK.
by move=> v; apply: value_sol.
Qed.
End Solve.

(** ** The table of a network

    An architecture is a code of layers and a set of slots. *)
Definition architecture (d n : nat) := [finType of (code n * {set slot d n.+1})%type].
Definition admissible (d n : nat) (a : architecture d n) : bool :=
  (a.2 \subset allowed d (layer_of a.1)) && (#|a.2| <= n.+1)%N.
(** what tables of at most L layers compute *)
Definition tabled (d n L : nat) (f : point d -> R) : Prop :=
  exists (inc : code n) (w : table d n.+1),
    admissible (inc, support w) /\ (layer_of inc ord_max <= L)%N /\
    forall z, f z = pre (layer_of inc) w z ord_max.

Lemma card_support d n (w : table d n) : #|support w| = table_size w.
Proof.
rewrite /table_size pair_bigA /= -sum1_card big_mkcond /=; apply: eq_bigr => q _.
by rewrite inE /nonzero; case: Req_EM_T.
Qed.

Theorem network_table (d n : nat) (N : network [finType of 'I_d]) : (size N <= n.+1)%N ->
  exists (inc : code n) (w : table d n.+1),
    admissible (inc, support w) /\ (layer_of inc ord_max <= depth N)%N /\
    forall x, eval N x = pre (layer_of inc) w x ord_max.
Proof.
move=> sN; have [U [w0 [lay [out [Fp Ft Fd Fu Fi Fs Fe]]]]] := flatten N.
pose live0 u := (0 < \sum_s nonzero (w0 u s))%N.
have dead : forall u s, ~~ live0 u -> w0 u s = 0.
  move=> u s; rewrite /live0 -leqNgt leqn0 sum_nat_eq0 => /forallP /(_ s) /=.
  by rewrite /nonzero; case: Req_EM_T.
have dead_in : forall u y x, ~~ live0 u -> input w0 y x u = 0.
  move=> u y x du; rewrite /input !rsum0 ?(dead _ _ du); first by lra.
    by move=> t; rewrite (dead _ _ du); lra.
  by move=> v; rewrite (dead _ _ du); lra.
case: (boolP (live0 out)) => [lo|dout]; last first.
  have s0 : support ((fun _ _ => 0) : table d n.+1) = set0.
    by apply/setP => q; rewrite !inE nonzero0.
  have z : layer_of ([ffun => false] : code n) ord_max = 1%N.
    rewrite /layer_of; congr S; elim: (nat_of_ord _) => //= i ->.
    by rewrite /step; case: insub => // v; rewrite ffunE.
  exists [ffun => false], (fun _ _ => 0); split; last split.
  - by rewrite /admissible /= s0 sub0set cards0.
  - by rewrite z -Fd Fp.
  move=> x; have [y [_ ->]] := Fe x; rewrite dead_in // /pre /act.
  rewrite !rsum0; first by case: ifP => _; lra.
    by move=> i; lra.
  by move=> i; lra.
pose le u v := (lay u <= lay v)%N.
pose s := sort le (filter (fun u => live0 u && (u != out)) (enum U)).
have s_mem : forall u, (u \in s) = live0 u && (u != out).
  by move=> u; rewrite mem_sort mem_filter mem_enum andbT.
have s_uniq : uniq s by rewrite sort_uniq filter_uniq // enum_uniq.
have s_sorted : sorted le s by apply: sort_sorted => u v; apply: leq_total.
have s_size : (seq.size s <= n)%N.
  have : (#|[set u | live0 u]| <= n.+1)%N.
    apply: leq_trans sN; apply: leq_trans Fs; rewrite -sum1_card /size_over big_mkcond /=.
    by apply: leq_sum => u _; rewrite inE; case: ifP.
  rewrite (cardsD1 out) inE lo add1n ltnS => h; apply: leq_trans h.
  rewrite -(card_uniqP s_uniq); apply: eq_leq; apply: eq_card => u.
  by rewrite s_mem !inE andbC.
pose lev i := if (i < seq.size s)%N then lay (nth out s i) else lay out.
pose tau (i : 'I_n.+1) : option U :=
  if (i < seq.size s)%N then Some (nth out s i) else if i == ord_max then Some out else None.
have lev0 : (0 < lev 0%N)%N by rewrite /lev; case: ifP.
have mono : forall i, (i < n)%N -> (lev i <= lev i.+1)%N.
  move=> i _; rewrite /lev; case: (ltnP i.+1 (seq.size s)) => h.
    rewrite (ltnW h); have tr : transitive le by move=> b a c; apply: leq_trans.
    by apply: (sorted_ltn_nth tr out s_sorted i i.+1); rewrite // inE // ltnW.
  by case: ifP => _; [apply: Ft | apply: leqnn].
have tau_lev : forall i u, tau i = Some u -> lev i = lay u.
  move=> i u; rewrite /tau /lev; case: ifP => _; first by case=> ->.
  by case: ifP => // _ [->].
have tau_inj : forall i i' u, tau i = Some u -> tau i' = Some u -> i = i'.
  move=> i i' u; rewrite /tau; case h: (i < seq.size s)%N; case h': (i' < seq.size s)%N.
  - move=> [<-] [] /eqP; rewrite nth_uniq // => /eqP e; apply: val_inj; by rewrite /= e.
  - case: ifP => // _ [<-] [] e; have := mem_nth out h; by rewrite -e s_mem eqxx andbF.
  - case: ifP => // _ [<-] [] e; have := mem_nth out h'; by rewrite e s_mem eqxx andbF.
  - by case: eqP => // -> _; case: eqP => // ->.
have tau_max : tau ord_max = Some out by rewrite /tau /= ltnNge s_size /= eqxx.
have tau_live : forall u, live0 u -> exists i, tau i = Some u.
  move=> u lu; case: (eqVneq u out) => [->|ne]; first by exists ord_max.
  have us : u \in s by rewrite s_mem lu.
  have lt : (index u s < n.+1)%N by rewrite ltnS (leq_trans _ s_size) // ltnW // index_mem.
  by exists (Ordinal lt); rewrite /tau /= index_mem us nth_index.
pose w : table d n.+1 := fun i src =>
  if tau i is Some u then
    match src with
    | inl (inl k) => if tau k is Some v then w0 u (inl (inl v)) else 0
    | inl (inr j) => w0 u (inl (inr j))
    | inr _ => w0 u (inr tt)
    end
  else 0.
have Wu : forall i k, w i (inl (inl k)) <> 0 -> layer_of (rises n lev) i = (layer_of (rises n lev) k).+1.
  move=> i k; rewrite /w; case Ei: (tau i) => [u|] //; case Ek: (tau k) => [v|] // /Fu e.
  by apply: layer_succ => //; rewrite (tau_lev _ _ Ei) (tau_lev _ _ Ek).
have Wi : forall i j, w i (inl (inr j)) <> 0 -> layer_of (rises n lev) i = 1%N.
  move=> i j; rewrite /w; case Ei: (tau i) => [u|] // /Fi e.
  by apply: layer_one => //; rewrite (tau_lev _ _ Ei).
have y_dead : forall x y, (forall u, y u = relu (input w0 y x u)) -> forall u, ~~ live0 u -> y u = 0.
  by move=> x y Hy u du; rewrite Hy dead_in // relu_eq0 //; lra.
exists (rises n lev), w; split; last split.
- rewrite /admissible /=; apply/andP; split.
  + apply/subsetP => -[i src]; rewrite !inE /=.
    rewrite /nonzero; case: Req_EM_T => // nzw _; case: src nzw => [[k|j]|[]] //= nzw.
      by rewrite (Wu _ _ nzw).
    by rewrite (Wi _ _ nzw).
  + rewrite card_support; apply: leq_trans sN; apply: leq_trans Fs.
    apply: leq_trans (@nsum_partial [finType of 'I_n.+1] U tau tau_inj (fun u => \sum_s nonzero (w0 u s))%N).
    apply: leq_sum => i _; rewrite /w; case: (tau i) => [u|]; last by rewrite big1 // => src _; rewrite nonzero0.
    rewrite [X in (X <= _)%N]nsum_source [X in (_ <= X)%N]nsum_source !leq_add2r.
    apply: leq_trans (@nsum_partial [finType of 'I_n.+1] U tau tau_inj (fun v => nonzero (w0 u (inl (inl v))))).
    by apply: leq_sum => k _; case: (tau k) => //; rewrite nonzero0.
- by rewrite -Fd (leq_trans (layer_le mono _ lev0)) // (tau_lev _ _ tau_max).
move=> x; have [y [Hy ->]] := Fe x.
pose y' (i : 'I_n.+1) : R := if tau i is Some u then y u else 0.
have In : forall i u, tau i = Some u ->
    @input [finType of 'I_d] [finType of 'I_n.+1] w y' x i = input w0 y x u.
  move=> i u iu; rewrite /input; congr (_ + _ + _).
  - rewrite -(@rsum_partial [finType of 'I_n.+1] U tau tau_inj (fun v => w0 u (inl (inl v)) * y v)).
      apply: eq_bigr => k _; rewrite /w /y' iu; case: (tau k) => // ; lra.
    move=> v nzv; apply: tau_live; apply/negPn/negP => dv; apply: nzv; rewrite (y_dead _ _ Hy _ dv); lra.
  - by apply: eq_bigr => j _; rewrite /w iu.
  - by rewrite /w iu.
rewrite -(In _ _ tau_max); apply/esym; apply: pre_sol => // i; case Ei: (tau i) => [u|].
  by rewrite (In _ _ Ei) {1}/y' Ei Hy.
rewrite {1}/y' Ei relu_eq0 // /input !rsum0 /w ?Ei; first by lra.
  by move=> j; lra.
by move=> j; lra.
Qed.
