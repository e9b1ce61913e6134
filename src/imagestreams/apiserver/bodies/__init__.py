"""What clients send: bytes become documents, documents become objects of the resource's type, or precise errors.

JSON, YAML and, for what `kubectl` sends in no other form, protobuf. Complaints are in the words of Go's decoders, which
is what users of the real server know. Sizes, depths and aliases are bounded.
"""
