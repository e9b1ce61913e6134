"""The triggers of objects as `isctl set triggers` shows and changes them.

`definition` is what all kinds have in common and how flags change it; `annotated`, `deployment_config` and
`build_config` read it from a kind's documents and write it back; `kinds` knows which is whose. Everything here is pure,
and what it does and says is what `oc set triggers` does and says.
"""
