"""OpenAPI, generated from the types and from what is said about the resources.

`definitions` turns structs into schemas, `operations` verbs into paths; both speak OpenAPI v2, from which `version3`
makes v3 and `protobuf` the binary form of v2 that older clients insist on. `schema_facts` holds what the Python types
can't say, `imagestreams.api.descriptions` the texts. `documents` puts them together.
"""

from imagestreams.apiserver.openapi.documents import OpenApi

__all__ = ["OpenApi"]
