"""Client to other people's registries: transport, login, limits.

It knows hosts, repositories, tags, digests and bytes, and believes none of them: every body has a size bound, every
digest is checked, and a password never goes to another host. May import only `api` and `reference`.
"""
