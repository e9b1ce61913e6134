"""`isctl`: the command line, one module per verb (`verbs/`).

`main` is the frame: it knows the verbs' names and imports a verb's module only when it is used, and it is the one
place where errors become text and exit codes. `flags` gives click the flag syntax of oc and kubectl, `session`
holds the connection that the global flags describe. `objects/` reads, chooses and changes objects of any kind,
`streams/` decides what tags and imports mean, `printers/`, `describers/` and `texts/` make text of objects. Results go
to stdout, everything else to stderr.
"""
