"""CloudEvents over HTTP: as one document for anybody, in headers and body for Tekton.

A Tekton EventListener reads the body as JSON and lets its filters look at headers: `header.match('ce-type', '…')` and
`$(body.pullSpec)`. Its own GitHub interceptor proves `X-Hub-Signature-256`, so that is sent along.
"""

import hashlib
import hmac

from imagestreams.api.codec import encode
from imagestreams.notifications.cloudevents import STRUCTURED, CloudEvent
from imagestreams.notifications.presets.request import Occasion, OutgoingRequest
from imagestreams.notifications.signature import signature_headers


def cloudevents(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send the event as one document, signed."""
    body = encode(event)
    return OutgoingRequest(STRUCTURED, body, signature_headers(event.id, occasion.now_s, body, occasion.secret))


def tekton(event: CloudEvent, occasion: Occasion) -> OutgoingRequest:
    """Send the event's data as the body and the rest in headers, signed."""
    body = encode(event.data)
    headers = {
        "ce-specversion": event.specversion,
        "ce-id": event.id,
        "ce-source": event.source,
        "ce-type": event.type,
        "ce-subject": event.subject,
        "ce-time": event.time,
        "ce-sequence": event.sequence,
        **signature_headers(event.id, occasion.now_s, body, occasion.secret),
    }
    if occasion.secret:
        digest = hmac.new(occasion.secret, body, hashlib.sha256).hexdigest()
        headers["X-Hub-Signature-256"] = f"sha256={digest}"
    return OutgoingRequest("application/json", body, headers)
