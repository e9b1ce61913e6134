"""The group `image.openshift.io`: streams, images, and the views and requests over them.

`group` makes them all over one store, but for imports, which need a registry client.
"""
