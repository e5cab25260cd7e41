(** Polynomials in several variables and the one theorem of the literature that is assumed. *)
From Coq Require Import Reals Lra FunctionalExtensionality.
From mathcomp Require Import all_ssreflect.
Require Import Definitions Sums.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(** [poly D p]: the function p of variables named by V is a polynomial of degree at most D *)
Inductive poly (V : finType) : nat -> ((V -> R) -> R) -> Prop :=
| poly_const c : poly 0 (fun _ => c)
| poly_var v : poly 1 (fun t => t v)
| poly_add D p q : poly D p -> poly D q -> poly D (fun t => p t + q t)
| poly_mul D E p q : poly D p -> poly E q -> poly (D + E)%N (fun t => p t * q t)
| poly_up D E p : (D <= E)%N -> poly D p -> poly E p.

(** Warren 1968, "Lower bounds for approximation by nonlinear manifolds"; in this form Goldberg,
    Jerrum 1995, and Anthony, Bartlett 1999, Theorem 8.3: s >= v >= 1 polynomials of degree at most
    D >= 1 in v variables have at most 2 (2 e s D / v)^v sign vectors, 0 counted as negative. *)
Axiom Warren_1968 : forall (V M : finType) (D : nat) (p : M -> (V -> R) -> R),
  (0 < #|V|)%N -> (#|V| <= #|M|)%N -> (0 < D)%N -> (forall i, poly D (p i)) ->
  forall S : {set {ffun M -> bool}},
    (forall s, s \in S -> exists t, forall i, s i = positive (p i t)) ->
    INR #|S| <= 2 * (2 * exp 1 * INR #|M| * INR D / INR #|V|) ^ #|V|.

Lemma poly0 (V : finType) D : @poly V D (fun _ => 0).
Proof. by apply: (@poly_up _ 0) => //; apply: poly_const. Qed.

Lemma poly_sum (V I : finType) D (f : I -> (V -> R) -> R) :
  (forall i, poly D (f i)) -> poly D (fun t => \rsum_(i : I) f i t).
Proof.
move=> h; rewrite /index_enum; case: index_enum_key; move: (Finite.enum I) => r /=.
elim: r => [|i r IH].
  rewrite (_ : (fun _ => _) = fun _ => 0); first exact: poly0.
  by apply: functional_extensionality => t; rewrite big_nil.
rewrite (_ : (fun _ => _) = fun t => f i t + \big[Rplus/0]_(j <- r) f j t); first exact: poly_add.
by apply: functional_extensionality => t; rewrite big_cons.
Qed.
