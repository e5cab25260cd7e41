"""The page docs/catalogue.md, made from the catalogue.

`python -m robustsize.report.catalogue_page` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator

from robustsize.bounds.catalogue import catalogue
from robustsize.bounds.evaluate import written

_HEAD = """# The catalogue

Made from `bounds/theorems/` by `make docs`; the tests compare the two. Size counts non-zero
weights and non-zero biases. `C` and `C_2` are constants that the source does not state.

| id | kind | form | p | expression | constant | regime | source |
|---|---|---|---|---|---|---|---|"""


def page() -> str:
    """The whole page in Markdown."""
    return "\n".join([_HEAD, *_rows(), "", *_details()]) + "\n"


def _rows() -> Iterator[str]:
    for theorem in catalogue():
        for form in theorem.forms:
            cells = (
                theorem.id,
                theorem.kind.value,
                form.label,
                ", ".join(norm.value for norm in form.norms),
                f"`{written(form)}`",
                form.constant.value,
                str(form.regime),
                form.source,
            )
            yield "| " + " | ".join(cells) + " |"


def _details() -> Iterator[str]:
    for theorem in catalogue():
        yield f"## {theorem.id}: {theorem.title}"
        yield ""
        yield theorem.statement
        yield ""
        yield from (f"* Hypothesis: {h.text}." for h in theorem.hypotheses)
        for form in theorem.forms:
            if form.scope:
                yield from (f"* Hypothesis ({form.label}): {h.text}." for h in form.hypotheses)
                yield from (f"* Note ({form.label}): {note}." for note in form.notes[:2])
        yield f"* Bounds the {theorem.quantity.value}."
        yield from (f"* Loose: {point}." for point in theorem.loose)
        yield ""


if __name__ == "__main__":
    print(page(), end="")
