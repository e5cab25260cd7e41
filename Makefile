PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: report test check derivations mutants docs clean

report: $(STAMP)
	$(BIN)/robustsize agree --preset quick -o out/report

test: $(STAMP)
	$(BIN)/python -m pytest

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p robustsize.bounds -p robustsize.simulate -p robustsize.report -m robustsize.cli

derivations: $(STAMP)
	$(BIN)/robustsize check all

mutants: $(STAMP)
	$(BIN)/python benchmarks/mutants.py

docs: $(STAMP)
	$(BIN)/python -m robustsize.report.catalogue_page > docs/catalogue.md
	$(BIN)/python docs/fill_examples.py

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv out build *.egg-info
