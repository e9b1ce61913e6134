"""What create, update, delete, get, list and watch mean for each served resource.

`resource` holds the protocol by which the API server speaks to all of them; each other module is one resource.
Nothing here knows HTTP.
"""
