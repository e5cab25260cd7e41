PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: report test check types derivations claims mutants oracle proofs proof-mutants results docs clean

report: $(STAMP)
	$(BIN)/robustsize agree --preset quick -o out/report

test: $(STAMP)
	$(BIN)/python -m pytest

check: types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy -p robustsize.bounds -p robustsize.simulate -p robustsize.report \
	  -p robustsize.commands -m robustsize.cli
	$(BIN)/mypy benchmarks/*.py docs/fill_examples.py

derivations: $(STAMP)
	$(BIN)/robustsize check all

claims: $(STAMP)
	$(BIN)/python benchmarks/claims.py

mutants: $(STAMP)
	$(BIN)/python benchmarks/mutants.py

oracle: $(STAMP)
	$(BIN)/python benchmarks/oracle.py --seconds 120

BUILT := out/proofs

proofs: $(STAMP)
	@command -v coqc > /dev/null || { echo "make proofs needs Coq: apt-get install coq \
	libcoq-mathcomp-ssreflect libcoq-mathcomp-zify libcoq-interval libcoq-coquelicot libcoq-flocq" >&2; exit 2; }
	$(BIN)/python -m robustsize.proofs.generate
	mkdir -p $(BUILT)
	@for file in proofs/*.v proofs/_CoqProject; do \
	  cmp -s $$file $(BUILT)/$${file##*/} || cp $$file $(BUILT); done
	cd $(BUILT) && coq_makefile -f _CoqProject -o Makefile && $(MAKE) -s
	$(BIN)/python -m robustsize.proofs.record $(BUILT)

proof-mutants: proofs
	$(BIN)/python -m robustsize.proofs.mutants $(BUILT)

results: $(STAMP)
	$(BIN)/robustsize agree --preset full -o docs/results

docs: $(STAMP)
	$(BIN)/python -m robustsize.report.catalogue_page > docs/catalogue.md
	$(BIN)/python -m robustsize.report.probes_page > docs/probes.md
	$(BIN)/python docs/fill_examples.py

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv out build *.egg-info
