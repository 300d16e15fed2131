"""Measurements: run one with `python -m tests.benchmarks.bench_neuron`."""
