# Two commands for a newcomer: make run, make test. Both set up a .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
# A process a core, each with a thread and a browser of its own.
TOGETHER := -n auto --maxprocesses 4 --dist loadfile

.PHONY: run test check integrations bench screenshot

.venv/ready: requirements.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

run: .venv/ready  ## the page, on http://127.0.0.1:8050
	$(BIN)/python -m explorer

test: .venv/ready  ## style, types and every quick test; the browser ones need Chromium
	sh tests/browser/chromium.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(TOGETHER)

check: .venv/ready  ## the slow checks too
	sh tests/browser/chromium.sh
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(TOGETHER) -m "slow or not slow"

.venv-integrations/ready: requirements.txt requirements-integrations.txt
	$(PYTHON) -m venv .venv-integrations
	.venv-integrations/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-integrations.txt
	touch $@

integrations: .venv-integrations/ready  ## with the real libraries of others, in an environment of their own
	OMP_NUM_THREADS=1 .venv-integrations/bin/python -m pytest tests/integrations -m integrations

bench: .venv/ready  ## speed as ratios in one run, with the machine; peers where requirements-bench.txt is installed
	$(BIN)/python -m tests.benchmarks.bench_neuron
	$(BIN)/python -m tests.benchmarks.bench_network
	$(BIN)/python -m tests.benchmarks.bench_convolution
	$(BIN)/python -m tests.benchmarks.bench_transformer
	$(BIN)/python -m tests.benchmarks.bench_models
	$(BIN)/python -m tests.benchmarks.bench_basins
	$(BIN)/python -m tests.benchmarks.bench_topology
	$(BIN)/python -m tests.benchmarks.bench_page
	$(BIN)/python -m tests.benchmarks.bench_load
	$(BIN)/python -m tests.benchmarks.bench_load --descents
	$(BIN)/python -m tests.benchmarks.bench_cluster
	$(BIN)/python -m tests.benchmarks.bench_ablation

screenshot: .venv/ready  ## the picture in README.md
	$(BIN)/python -m tests.browser.screenshot
