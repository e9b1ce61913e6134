"""The API over HTTP: one bare ASGI application.

A request passes, in this order: request info (what the path means), authentication, authorization, content
negotiation, the body's decoding, the resource's verb, and out again as bytes. Resources are known by their protocol
only (`imagestreams.resources.resource`). Everything that fails is an `ApiError`, and `app` is the only place where
one becomes a response.
"""
