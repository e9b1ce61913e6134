"""Logins that a cloud gives for its own registries to whoever the server runs as: ECR, Artifact Registry, ACR.

A namespace gets none of them unless the server's settings say so: they are the server's, and whoever may use them can
read all that the server may. `lending` says who gets which, `keychain` keeps logins until shortly before their end,
and `aws`, `gcp` and `azure` know each their hosts and how a login is had, by the cloud's own library. Those are extras
of the package, loaded when the first login is wanted, and called in threads since they block.
"""
