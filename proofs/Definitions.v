(** * What a reader must trust

    Every theorem of this folder is a statement about the definitions in this file, the formulas in
    [Generated.v], which a printer writes from the expressions that the program evaluates, and Coq's
    real numbers. The kernel checks all the rest, so nothing else has to be read to know what is
    claimed; [Theorems.v] holds the claims. *)

From Coq Require Import Reals.
From Flocq Require Import Core.
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Notation "\rsum_ ( i : t ) F" := (\big[Rplus/0]_(i : t) F) (at level 41, F at level 41, i at level 50).

(** ** Networks

    A layered ReLU network. The inputs and the units of each layer are the members of a finite type.
    [Output] is a last layer with one unit and no activation; [Hidden] puts a layer of ReLU units in
    front of a network that reads them. There are no connections that skip a layer. *)

Definition relu (x : R) : R := Rmax x 0.

Inductive network : finType -> Type :=
| Output (I : finType) (w : I -> R) (b : R) : network I
| Hidden (I J : finType) (W : J -> I -> R) (b : J -> R) (rest : network J) : network I.

Fixpoint eval (I : finType) (N : network I) {struct N} : (I -> R) -> R :=
  match N in network T return (T -> R) -> R with
  | Output T w b => fun x => \rsum_(i : T) (w i * x i) + b
  | Hidden T U W b rest => fun x => eval rest (fun j => relu (\rsum_(i : T) (W j i * x i) + b j))
  end.

(** The size of a network is its number of non-zero weights and non-zero biases. *)

Definition nonzero (x : R) : nat := if Req_EM_T x 0 then 0%N else 1%N.

Fixpoint size (I : finType) (N : network I) {struct N} : nat :=
  match N with
  | Output T w b => (\sum_(i : T) nonzero (w i) + nonzero b)%N
  | Hidden T U W b rest => (\sum_(j : U) (\sum_(i : T) nonzero (W j i) + nonzero (b j)) + size rest)%N
  end.

(** Its depth is the number of affine layers: depth 3 means two hidden layers. *)

Fixpoint depth (I : finType) (N : network I) {struct N} : nat :=
  match N with Output _ _ _ => 1%N | Hidden _ _ _ _ rest => (depth rest).+1 end.

(** ** Points, distances and classes of points; p = infinity throughout *)

Definition point (d : nat) := 'I_d -> R.

Definition cube (d : nat) (x : point d) : Prop := forall j, 0 <= x j <= 1.

(** x lies in the closed ball of radius r around y *)
Definition within (d : nat) (r : R) (x y : point d) : Prop := forall j, Rabs (x j - y j) <= r.

(** every point of A is at distance at least s from every point of B *)
Definition separated (d : nat) (s : R) (A B : point d -> Prop) : Prop :=
  forall a b, A a -> B b -> exists j, s <= Rabs (a j - b j).

(** a hyperplane has A strictly on one side and B strictly on the other *)
Definition linearly_separable (d : nat) (A B : point d -> Prop) : Prop :=
  exists (v : point d) (t : R),
    (forall a, A a -> t < \rsum_(j : 'I_d) (v j * a j)) /\
    (forall b, B b -> \rsum_(j : 'I_d) (v j * b j) < t).

(** ** Classification

    The label of A is true, that of B false. [positive] is the label that a value stands for, and
    the value 0 stands for false. This loses nothing: where 0 is to stand for neither label, a
    network errs wherever it errs here, and where it is to stand for true, negate the network's last
    layer and swap the classes. The upper bound below has no value 0 on the balls in question. *)

Definition positive (y : R) : bool := if Rlt_dec 0 y then true else false.

(** zero robust error at radius r, whatever the distribution on A and B *)
Definition robust (d : nat) (r : R) (f : point d -> R) (A B : point d -> Prop) : Prop :=
  (forall a x, A a -> within r x a -> 0 < f x) /\ (forall b x, B b -> within r x b -> f x < 0).

(** A labelled sample: the points [x i] with labels [y i]; [class x y true] is A. *)

Definition class (d : nat) (T : finType) (x : T -> point d) (y : T -> bool) (label : bool) :
  point d -> Prop := fun a => exists i, y i = label /\ a = x i.

(** Some point of the ball of radius r around [x i] is labelled otherwise than [y i]. *)
Definition fails (d : nat) (T : finType) (x : T -> point d) (y : T -> bool) (r : R)
  (f : point d -> R) (i : T) : Prop := exists x', within r x' (x i) /\ positive (f x') <> y i.

(** w is the probability of each point of the sample; the sample is its support. *)
Definition probability (T : finType) (w : T -> R) (E : {set T}) : R := \big[Rplus/0]_(i in E) w i.

(** mu-balanced: P(E) >= mu m(E) for every set E, m the uniform measure on the support *)
Definition balanced (T : finType) (mu : R) (w : T -> R) : Prop :=
  forall E : {set T}, mu * (INR #|E| / INR #|T|) <= probability w E.

(** The robust error at radius r is more than t: points that fail have probability more than t. At
    r = 0 this is the standard error. *)
Definition robust_error_above (d : nat) (T : finType) (x : T -> point d) (y : T -> bool) (w : T -> R)
  (r : R) (f : point d -> R) (t : R) : Prop :=
  exists E : {set T}, (forall i, i \in E -> fails x y r f i) /\ t < probability w E.

(** No classifier of the class F has robust error at most alpha mu on this sample, whatever
    mu-balanced distribution is put on it. *)
Definition hard_for (d : nat) (F : (point d -> R) -> Prop) (T : finType) (x : T -> point d)
  (y : T -> bool) (r alpha mu : R) : Prop :=
  forall f w, F f -> balanced mu w -> robust_error_above x y w r f (alpha * mu).

(** What networks of d inputs with at most n parameters compute, of depth at most l if L is
    [Some l], of any depth if L is [None]. *)
Definition computed (n : nat) (L : option nat) (d : nat) (f : point d -> R) : Prop :=
  exists N : network [finType of 'I_d],
    (size N <= n)%N /\ (if L is Some l then (depth N <= l)%N else True) /\ forall x, f x = eval N x.

(** A k-dimensional face of the cube, or a flat set like it: coordinate j of a point is coordinate i
    of z where [place j] is [inl i], and the constant v where it is [inr v]. *)
Definition placed (d k : nat) (place : 'I_d -> 'I_k + R) (z : point k) : point d :=
  fun j => match place j with inl i => z i | inr v => v end.
Definition face (d k : nat) (place : 'I_d -> 'I_k + R) : Prop :=
  (forall i, exists j, place j = inl i) /\ (forall j v, place j = inr v -> 0 <= v <= 1).

(** ** Functions that the generated formulas use

    [ln], [exp] and [Rpower] are Coq's. Arguments are real numbers; where a formula needs a whole
    number, it is the floor of the argument. *)

Definition floor (x : R) : R := IZR (Zfloor x).
Definition whole (x : R) : nat := Z.to_nat (Zfloor x).
Definition factorial (x : R) : R := INR (whole x)`!.
Definition binomial (x y : R) : R := INR 'C(whole x, whole y).
(** the sum of f i over the integers 0 <= i <= the floor of b *)
Definition sum_up_to (b : R) (f : R -> R) : R := \rsum_(i : 'I_(whole b).+1) f (INR i).
