"""Runs builds: from New to Pending, Running, and Complete, Failed, Error or Cancelled, as the real controller does.

`plans` turns a build into what the builder takes, `outcomes` says what a build looks like in each phase (both decide
and do nothing), `loop` does the work.
"""
