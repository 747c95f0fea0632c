"""Measurements, run by hand with `make bench`; they write their tables to docs/benchmarks.md."""
