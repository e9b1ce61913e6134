"""What objects do when a tag of a stream moves. Pure: documents in, documents out.

An object is a plain JSON document, ours or that of any Kubernetes cluster. Rules say which tags it follows and what it
becomes: `annotation` reads `image.openshift.io/triggers`, `deployment_configs` and `build_configs` the triggers that
those have fields for; `rules` knows which rule is whose. Where an image is pulled from is asked of a function that the
caller gives. What is wrong with an object's triggers is a `TriggerError`; nothing of it is applied then.
"""
