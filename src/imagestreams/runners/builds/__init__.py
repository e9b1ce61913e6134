"""Makes images with buildah or podman: fetch the input, prepare the Dockerfile, build, push.

`plan` says what is asked for, already resolved: no object of the API comes in here. `pipeline` goes through the stages;
each failure is a `BuildFailure` with the reason and the words of the real builder, while the engine's own words stand
in the log. Whoever makes builds runs programs of his choice as the user of the builder: the isolation is that of the
engine, nothing more.
"""
