(** * The theorems

    Each is about the definitions in [Definitions.v] and the formulas in [Generated.v]. A lower bound
    says: if the formula of a growth bound at n is less than the bits that the labellings need, then
    networks of at most n parameters fail on some data, and so do all smaller ones. The program
    prints the smallest n at which it is not less. p = infinity throughout. *)
From Coq Require Import Reals Lra ZArith Lia.
From Flocq Require Import Core.
From mathcomp Require Import all_ssreflect.
From mathcomp Require Import zify.
Require Import Definitions Generated Sums HammingCount Table Flatten Architectures GrowthByLayers
  GrowthByTree ForcedLabels CoveringNetwork.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** ** What the growth bounds leave no room for

    m points differ on [dimension] inputs. What networks of at most n parameters (and of depth at
    most l, if L is [Some l]) can tell apart is less than the bits that are needed: *)

(** by G, at depth n, which is no restriction, or at depth l; *)
Definition no_room_counted (n : nat) (L : option nat) (m dimension bits : R) : Prop :=
  (0 < n)%N /\ exists l, (0 < l)%N /\ (l = n \/ L = Some l) /\
    growth_counted (INR n) (INR l) m dimension < bits.

(** by G_tree, which holds for n <= m and is a maximum over the number U of units. *)
Definition no_room_tree (n : nat) (m dimension bits : R) : Prop :=
  growth_tree_least_size <= INR n /\ INR n <= m /\
  forall U : nat, growth_tree_fewest_units <= INR U -> (U < n)%N ->
    growth_tree (INR n) dimension + growth_tree_units (INR n) (INR U) m < bits.

Definition no_room (n : nat) (L : option nat) (m dimension bits : R) : Prop :=
  no_room_counted n L m dimension bits \/ no_room_tree n m dimension bits.

(** *** They bound the patterns of networks *)
Lemma tabled_computed d n L l f : l = n.+1 \/ L = Some l -> @computed n.+1 L d f -> @tabled d n l f.
Proof.
move=> hl [N [sN [dN hf]]]; have [inc [w [adm [lw hw]]]] := network_table sN.
exists inc, w; split=> //; split; last by move=> z; rewrite hf hw.
case: hl => [->|e]; first by rewrite /layer_of ltnS; apply: steps_le.
by rewrite e in dN; apply: leq_trans lw dN.
Qed.

Lemma greatest (f : nat -> R) k : exists j, (j <= k)%N /\ forall i, (i <= k)%N -> f i <= f j.
Proof.
elim: k => [|k [j [jk h]]].
  by exists 0%N; split=> // i; rewrite leqn0 => /eqP ->; apply: Rle_refl.
case: (Rle_lt_dec (f k.+1) (f j)) => c.
  exists j; split; first exact: leqW.
  by move=> i; rewrite leq_eqVlt => /orP[/eqP -> // | /h].
exists k.+1; split=> // i; rewrite leq_eqVlt => /orP[/eqP ->|/h le]; first exact: Rle_refl.
by apply: Rle_trans le _; left.
Qed.

Lemma no_room_treeE n m dimension bits : no_room_tree n m dimension bits <->
  (1 < n)%N /\ INR n <= m /\ forall U : nat, (0 < U)%N -> (U < n)%N ->
    growth_tree (INR n) dimension + growth_tree_units (INR n) (INR U) m < bits.
Proof.
have least : growth_tree_least_size = 2 by [].
have fewest : growth_tree_fewest_units = 1 by [].
have i1 : INR 1 = 1 by [].
rewrite /no_room_tree least fewest; split=> -[n1 [nm h]]; split.
- by apply: leq_INR; rewrite INR2.
- split=> // U U0; apply: h; exact: INR_ge1.
- by have := INR_leq n1; rewrite INR2.
- split=> // U U0; apply: h; apply: leq_INR; rewrite i1; exact: U0.
Qed.

Lemma few_patterns d n L (T : finType) (x : T -> point d) bits :
  (0 < #|T|)%N -> no_room n L (INR #|T|) (INR d) bits ->
  exists b, b < bits /\ forall S : {set {ffun T -> bool}},
    (forall s, s \in S -> patterns (@computed n L d) x s) -> INR #|S| <= Rpower 2 b.
Proof.
case: n => [|n] T0; first by case=> [[]|/no_room_treeE[]].
case=> [[_ [l [l0 [hl lt]]]] | /no_room_treeE[n1 [nT lt]]].
  exists (growth_counted (INR n.+1) (INR l) (INR #|T|) (INR d)); split=> // S hS.
  apply: (growth_counted_bounds (x := x)) => // s /hS[f [Ff hs]].
  by exists f; split=> //; apply: tabled_computed Ff.
pose f i := growth_tree_units (INR n.+1) (INR i.+1) (INR #|T|).
have [j [jn h]] := greatest f n.-1.
exists (growth_tree (INR n.+1) (INR d) + f j); split; first by apply: lt => //; move: n1 jn; lia.
move=> S hS; apply: (growth_tree_bounds (x := x) (L := n.+1)) => //; first exact: leq_INR.
  by case=> // i _ iN; apply: h; move: iN; lia.
move=> s /hS[g [Fg hs]]; exists g; split=> //; apply: tabled_computed Fg; by left.
Qed.

(** *** The grid has as many points as the formulas say *)
Lemma grid_formula d epsilon : 0 < epsilon ->
  Rpower (floor (1 / 2 * / epsilon) + 1) (INR d) = INR #|grid d epsilon|.
Proof.
move=> e0; have -> : floor (1 / 2 * / epsilon) + 1 = INR (axis_points epsilon).
  by rewrite axis_pointsE //; congr (floor _ + 1); field; lra.
by rewrite card_grid INR_expn Rpower_pow //; exact: INR_gt0.
Qed.

(** ** Theorem 4.3: linear separability does not make robustness cheap *)
Theorem thm4_3 (d n : nat) (L : option nat) (epsilon c alpha mu : R) (m := thm4_3_points (INR d) epsilon) :
  (0 < d)%N -> 0 < epsilon < 1 / 2 -> 0 < c < 1 -> 0 < mu -> 0 <= alpha ->
  no_room n L m (thm4_3_dimension (INR d)) (labelling_bits m alpha) ->
  exists (T : finType) (x : T -> point d) (y : T -> bool),
    (forall i, cube (x i)) /\
    separated (2 * epsilon) (class x y true) (class x y false) /\
    linearly_separable (class x y true) (class x y false) /\
    hard_for (@computed n L d) x y (c * epsilon) alpha mu.
Proof.
rewrite /m {m}; case: d => // d _ [e0 eh] c01 mu0 a0.
have -> : thm4_3_points (INR d.+1) epsilon = INR #|grid d epsilon|.
  rewrite /thm4_3_points -grid_formula // S_INR; congr (Rpower _ _); ring.
have -> : thm4_3_dimension (INR d.+1) = INR d by rewrite /thm4_3_dimension S_INR; ring.
move=> room; have [b [lt few]] := few_patterns (@grid_point d epsilon) (grid_gt0 d epsilon) room.
pose middles g := lift_point (@grid_point d epsilon g) (1 / 2).
have few' (S : {set {ffun grid d epsilon -> bool}}) :
    (forall s, s \in S -> patterns (@computed n L d.+1) middles s) -> INR #|S| <= Rpower 2 b.
  by move=> hS; apply: few => s /hS; apply: patterns_restrict.
have near := @middle_within d epsilon c e0 c01.
have [phi hard] := some_labelling_is_hard near few' a0 mu0 (grid_gt0 d epsilon) lt.
exists (grid d epsilon), (lifted_data c phi), phi; split; last split; last split=> //.
- by move=> g; apply: lifted_in_cube.
- exact: lifted_separated.
- exact: lifted_linearly_separable.
Qed.

(** ** Any points that are 2 epsilon apart

    Theorem 5.8 with the packing number of the manifold as m; the networks read all d inputs. *)
Theorem packing_lower_bound (d n : nat) (L : option nat) (epsilon r alpha mu : R)
    (T : finType) (x : T -> point d) :
  (0 < #|T|)%N -> 0 <= r -> 0 < mu -> 0 <= alpha ->
  (forall i j, i <> j -> exists k, 2 * epsilon <= Rabs (x i k - x j k)) ->
  no_room n L (INR #|T|) (INR d) (labelling_bits (INR #|T|) alpha) ->
  exists y : T -> bool,
    separated (2 * epsilon) (class x y true) (class x y false) /\
    hard_for (@computed n L d) x y r alpha mu.
Proof.
move=> T0 r0 mu0 a0 apart room; have [b [lt few]] := few_patterns x T0 room.
have near (phi : {ffun T -> bool}) i : within r (x i) (x i).
  by move=> j; rewrite Rminus_diag_eq // Rabs_R0.
have [phi hard] := some_labelling_is_hard (data := fun _ => x) near few a0 mu0 T0 lt.
exists phi; split=> // a b' [i [yi ->]] [j [yj ->]]; apply: apart => e.
by rewrite e yj in yi.
Qed.

(** Theorem 5.8 on a k-dimensional face of the cube *)
Theorem thm5_8 (d k n : nat) (L : option nat) (epsilon r alpha mu : R) (place : 'I_d -> 'I_k + R)
    (m := thm5_8_points (INR k) epsilon) :
  face place -> 0 < epsilon -> 0 <= r -> 0 < mu -> 0 <= alpha ->
  no_room n L m (thm5_8_dimension (INR k)) (labelling_bits m alpha) ->
  exists (T : finType) (z : T -> point k) (y : T -> bool) (x := fun i => placed place (z i)),
    (forall i, cube (z i) /\ cube (x i)) /\
    separated (2 * epsilon) (class x y true) (class x y false) /\
    hard_for (@computed n L d) x y r alpha mu.
Proof.
move=> [onto const] e0 r0 mu0 a0; rewrite /m /thm5_8_points grid_formula // /thm5_8_dimension.
move=> room; have [b [lt few]] := few_patterns (@grid_point k epsilon) (grid_gt0 k epsilon) room.
pose x g := placed place (@grid_point k epsilon g).
have few' (S : {set {ffun grid k epsilon -> bool}}) :
    (forall s, s \in S -> patterns (@computed n L d) x s) -> INR #|S| <= Rpower 2 b.
  by move=> hS; apply: few => s /hS; apply: patterns_restrict.
have near (phi : {ffun grid k epsilon -> bool}) g : within r (x g) (x g).
  by move=> j; rewrite Rminus_diag_eq // Rabs_R0.
have [phi hard] := some_labelling_is_hard (data := fun _ => x) near few' a0 mu0 (grid_gt0 k epsilon) lt.
exists (grid k epsilon), (@grid_point k epsilon), phi; split; last split=> //.
  move=> g; split; first exact: grid_in_cube.
  move=> j; rewrite /placed; case E: (place j) => [i|v]; first exact: grid_in_cube.
  exact: const E.
move=> _ _ [g [pg ->]] [h [ph ->]].
have ne : g <> h by move=> e; rewrite e ph in pg.
have [i far] := grid_apart e0 ne; have [j hj] := onto i.
by exists j; rewrite /placed hj.
Qed.

(** ** Theorem 3.4: the whole cube, and the standard error, which is the robust error at r = 0 *)
Theorem thm3_4 (d n : nat) (L : option nat) (epsilon alpha mu : R) (m := thm3_4_points (INR d) epsilon) :
  0 < epsilon -> 0 < mu -> 0 <= alpha ->
  no_room n L m (thm3_4_dimension (INR d)) (labelling_bits m alpha) ->
  exists (T : finType) (x : T -> point d) (y : T -> bool),
    (forall i, cube (x i)) /\
    separated (2 * epsilon) (class x y true) (class x y false) /\
    hard_for (@computed n L d) x y 0 alpha mu.
Proof.
move=> e0 mu0 a0; rewrite /m /thm3_4_points grid_formula // /thm3_4_dimension => room.
have T0 := grid_gt0 d epsilon.
have [y [sep hard]] := packing_lower_bound T0 (Rle_refl 0) mu0 a0 (@grid_apart d epsilon e0) room.
by exists (grid d epsilon), (@grid_point d epsilon), y; split=> // i; apply: grid_in_cube.
Qed.

(** ** Theorem 3.3: a network of depth 3 with as many parameters as the formula says *)
Theorem thm3_3 (d : nat) (epsilon c : R) (A B : point d -> Prop) :
  0 < epsilon -> 0 <= c < 1 ->
  (forall a, A a -> cube a) -> (forall b, B b -> cube b) -> separated (2 * epsilon) A B ->
  exists N : network [finType of 'I_d],
    depth N = 3%N /\ INR (size N) <= thm3_3_size (INR d) epsilon c /\ robust (c * epsilon) (eval N) A B.
Proof.
move=> e0 c01 cA cB sep.
have [N [dN [sN rN]]] := covering_network_is_robust e0 c01 cA cB sep.
exists N; split=> //; split=> //; apply: Rle_trans (INR_leq sN) _; right.
set g := cells_an_axis epsilon c.
have p0 : 0 < (2 - 2 * c) * epsilon by nra.
have gE : floor (/ epsilon * / (2 + -1 * 2 * c)) + 1 = INR g.
  rewrite /g /cells_an_axis S_INR INR_whole; last by left; apply: Rinv_0_lt_compat; nra.
  by congr (floor _ + 1); field; nra.
have half : floor (1 / 2 * Rpower (floor (/ epsilon * / (2 + -1 * 2 * c)) + 1) (INR d)) = INR (g ^ d)./2.
  rewrite gE Rpower_pow; last exact: INR_gt0.
  by rewrite -INR_expn floor_half.
have I4 : INR 4 = 4 by rewrite /=; lra.
rewrite /thm3_3_size half gE -[RHS]Rplus_0_r.
rewrite (INR_addn _ 1) INR_addn !INR_muln (INR_addn _ 2) INR_muln INR2 I4 /=.
ring.
Qed.
