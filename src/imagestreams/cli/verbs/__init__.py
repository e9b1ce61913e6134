"""The verbs of `isctl`: one module each, imported only when the verb is used (`cli.main` has the table)."""
