"""From references to images: what a request wants is planned, fetched, and reported; nothing is written here.

`plan` groups what is wanted by repository, `fetch` gets it with as few requests as the registry's answers allow, and
`importer` turns the outcome into the statuses of an import request. What becomes of a stream is decided in
`streams.apply_import`, what is stored in `resources`. May import `registries`, `streams` and what lies below.
"""
