"""Where the API servers of other clusters ask about workloads: `POST /admission/images/<token>`.

A mutating admission webhook: it gets an AdmissionReview with a workload that is about to be written, and answers with
a patch of the images that name a stream's tag. It never refuses anything. The token is a value of a secret of ours, so
that nobody else learns what tags point to; without that secret there is no such address.
"""
