"""Who is told of what happens here: events of tags, builds and rollouts, sent to addresses that users name.

What happened is read off the objects, never taken from whoever caused it: `intake` follows the store,
`stream_happenings`, `build_happenings` and `rollout_happenings` (pure) say what a change of an object means, and what a
sink wants to hear goes into its `outbox` in the store, together with the revision up to which all was looked at. So a
crash loses nothing: what came after that revision is looked at again. `dispatch` sends what waits, in order for each
tag, later and later when it fails; what can't be delivered becomes a dead letter, which is counted and can be sent
again. `presets/` has one module a form.
"""
