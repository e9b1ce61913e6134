"""Who are you, may you.

`authentication` turns a request's credentials into a `User`, `authorization` decides what that user may do. Both are
seams of one method each, so that a cluster's own identities and roles can stand in. What no rule allows is denied.
This room knows no HTTP and no resource: it is given a token, a verb and names.
"""
