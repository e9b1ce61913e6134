"""The annotations of our own that the server acts on or writes."""

from typing import Final

IMPORT_INTERVAL: Final = "imagestreams.dev/import-interval"
"""On a spec tag or a stream: the time between two checks."""

SCHEDULED: Final = "imagestreams.dev/scheduled"
"""On a stream: `true` lets its whole repository be checked from time to time."""

FOLLOW: Final = "imagestreams.dev/follow"
"""On a spec tag: which version of its repository it shall point to."""

MOVES: Final = "imagestreams.dev/moves"
"""On a stream, by the server: which version each followed tag moved to, when and why, as a JSON list."""

PREFER_VARIANT: Final = "imagestreams.dev/prefer-variant"
"""On a spec tag: which variant of its architecture is chosen from a list, such as `v6` of `arm`."""

TAG_FILTER: Final = "imagestreams.dev/tag-filter"
"""On an ImageStreamImport: which tags of the repository are meant, a range of versions or a regular expression."""

TAG_SLICE: Final = "imagestreams.dev/tag-slice"
"""On an ImageStreamImport: `FROM:TO`, which part of the repository's tags it takes."""

REPOSITORY_FAILURE: Final = "imagestreams.dev/repository-failure"
"""On a stream, by the server: since when and why the tags of its repository can't be listed."""
