"""The types as served, their codecs and errors.

Every type is a `msgspec.Struct` under the name that the Kubernetes or OpenShift API gives it; attributes are
snake_case, the wire is camelCase. A field that the real server leaves out when empty is left out here too;
the few that it always prints (`annotations: null` on a tag, `items: null` on a failed tag) use `always()`.

This room knows nothing of HTTP, storage or the network. It may import only `imagestreams.reference`.
"""
