"""Where registries tell of pushes: `POST /hooks/registry/<token>`.

One module per sender reads its form of notification (`senders/`), a pure one says which tags follow what was pushed
(`following`), and the endpoint puts both together. It imports nothing itself: it hands streams and tags on. A sender
never says which registry it is: the hook does, so whoever learns its address can do no more than let tags be checked.
"""
