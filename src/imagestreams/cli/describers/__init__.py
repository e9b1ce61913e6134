"""Descriptions: objects as plain dictionaries in, text out.

One module per kind, each a function from the object (and what else it shows, such as events) and the time to the
text that `oc describe` prints. Nothing here speaks to a server: `cli.describe` fetches what a description needs.

Two styles meet, and both are kept to the character: OpenShift's own kinds are padded with tabs, all other ones, as
kubectl writes them, with spaces.
"""
