"""Who is told of what happens here, as objects: `notificationsinks` of `imagestreams.dev/v1`."""
