"""A small synchronous client of the Kubernetes API, for the command line.

`kubeconfig` finds out which server to speak to and as whom, `credentials` gets what proves it, `rest` speaks HTTP,
`discovery` knows which resources the server has, and `resources` builds the paths of their verbs. Nothing here
knows image streams, prints anything or imports another room than `api` and `reference`.

    config = load_config(Overrides())
    client = RestClient(config)
    streams = Resources(client, Discovery(client).resolve("is"), "default")
    python = streams.get("python")
"""
