"""Benchmarks of the hot paths, each on a real server in a process of its own and against what the issue asks.

`python -m bench` prints every figure beside its goal; `--smoke` runs the same code on small numbers, to show that it
works, not how fast it is. Speeds are told as ratios to a bare ASGI answer of the same size in the same run, because
machines differ.
"""
