"""A flat, ordered key space with one global, rising revision: etcd's semantics, whatever lies below.

`kv` is the protocol that every store follows, `sqlite` the embedded one, `cache` holds what is stored in memory.
A store knows keys and bytes only; what they mean is the business of the rooms above. May import only `api`.
"""
