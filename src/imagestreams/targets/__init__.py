"""Where the objects live that follow tags: in our own server, and in any number of foreign Kubernetes clusters.

`cluster` is the one interface to both, in plain documents. `own` speaks to the resources of this server, `foreign` to
another server over HTTP, as the identity that a kubeconfig gives. What is watched is bounded: of most kinds only the
metadata is asked for, and a watch hands on one object at a time. Nothing here knows what a trigger is.
"""
