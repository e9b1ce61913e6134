"""Who set which field, and server-side apply.

A field set is a tree of steps into an object (`field_sets`). Comparing two states of an object (`comparison`) tells
what a write changed; `managed_fields` keeps the books, `server_side_apply` merges what a manager applies and finds
conflicts. `merge_keys` is the one table of how lists are merged; patches and OpenAPI read it too.
"""
