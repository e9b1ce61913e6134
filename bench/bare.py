"""A bare ASGI application that answers every request with one fixed JSON body: `python -m bench.bare FILE`.

Served as our own server is, so the ratio of two rates tells what our work costs. Prints its port when it listens.
"""

import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
import uvloop


def application(body: bytes) -> Any:
    """Return the application."""
    start = {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
    }
    answer = {"type": "http.response.body", "body": body}

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send(answer)

    return answers


async def serve(body: bytes) -> None:
    """Serve until the process is ended."""
    bound = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        application(body),
        http="httptools",
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )
    print(bound.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve([bound])


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]).read_bytes()))
