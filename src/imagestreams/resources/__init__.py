"""What create, update, delete, get, list and watch mean for each served resource.

`resource` holds the protocol by which the API server speaks to all of them; `storage`, `stored`, `listing` and
`watching` are what stored ones share. `core/`, `images/` and `registries/` hold the resources, one module each.
Nothing here knows HTTP.
"""
