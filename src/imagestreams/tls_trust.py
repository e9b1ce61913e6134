"""Whose certificates are believed, by the same rules on every Python: those that programs for containers follow.

Since Python 3.13 the defaults refuse certificates that lack what RFC 5280 wants of them, as many private authorities
make them, and accept an authority that another one signed. Go, which registries and clusters are used with everywhere
else, does not look for the first and always did the second.
"""

import ssl


def system_trust(authorities: str = "") -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, and others in PEM form.

    Raises:
        ssl.SSLError: there is no certificate in them.
    """
    context = with_private_authorities(ssl.create_default_context())
    if authorities:
        context.load_verify_locations(cadata=authorities)
    return context


def with_private_authorities(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context accept what private authorities sign, whether they are roots or not, and return it."""
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
