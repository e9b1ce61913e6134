"""Programs outside that do what stored objects ask for, where there is no cluster to do it.

`engine` runs a program: bounded in time and in what it may say, and ended with all that it started. `runner` is the
protocol between the loop that sees a change and those who carry it out: `podman` plays pods on this machine,
`exec_runner` calls a command of the operator's. `builds/` makes images with buildah or podman.

What is run, and with which rights, is the operator's choice alone: no command ever comes from an API object. A program
that is missing is a `RunnerError`; one that fails, or that the kernel forbids something, is told in its own last words.
The room knows nothing of the store and of resources: it gets plain documents, and gives back what became of them.
"""
