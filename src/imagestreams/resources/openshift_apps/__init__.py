"""Deployment configs (`apps.openshift.io/v1`), and the replication controllers that stand for their rollouts.

`rollouts` knows what a rollout is called and what it remembers, `triggers` when there is to be a new one, `status` what
is told of them: all three are pure. The resources themselves are in modules of their own; the loop that makes rollouts
is `controllers.deployments_of_configs`.
"""
