"""What the verbs for tags and imports decide: wishes, import requests, revisions, and what changed between images.

Pure where it can be: objects as dictionaries in, requests or rows out.
"""
