"""HTTP to a server that answers well, badly or not at all."""

import gzip
import json
import socket
from typing import Any

import pytest

from imagestreams.client import rest
from imagestreams.client.errors import ClientError
from imagestreams.client.kubeconfig import ClientConfig, Identity
from imagestreams.client.rest import RestClient, warning_texts

NOT_FOUND = {
    "kind": "Status",
    "apiVersion": "v1",
    "status": "Failure",
    "message": 'imagestreams.image.openshift.io "x" not found',
    "reason": "NotFound",
    "details": {"name": "x", "group": "image.openshift.io", "kind": "imagestreams"},
    "code": 404,
}


def _client(script: Any, **identity: Any) -> RestClient:
    return RestClient(ClientConfig(script.url, identity=Identity(**identity)), sleep=lambda seconds: None)


def test_a_request_carries_identity_query_and_body(script: Any, answer: Any) -> None:
    script.answer("POST", "/api", answer(201, {"kind": "A"}))
    client = _client(script, token="t", as_user="boss", as_groups=("g", "h"))

    response = client.request("POST", "/api", query={"a": "b c"}, body={"x": 1})

    method, path, headers, body = script.requests[0]
    assert (response.status, response.json()) == (201, {"kind": "A"})
    assert (method, path, json.loads(body)) == ("POST", "/api?a=b+c", {"x": 1})
    assert headers["Authorization"] == "Bearer t"
    assert headers["Impersonate-User"] == "boss"
    assert headers["User-Agent"].startswith("isctl/")


def test_a_name_and_a_password_go_as_basic_login(script: Any, answer: Any) -> None:
    script.answer("GET", "/api", answer())

    _client(script, username="u", password="p").request("GET", "/api")

    assert script.requests[0][2]["Authorization"] == "Basic dTpw"


def test_a_status_becomes_an_error_that_carries_it(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(404, NOT_FOUND))

    with pytest.raises(ClientError) as caught:
        _client(script).request("GET", "/x")

    assert (caught.value.reason, caught.value.code) == ("NotFound", 404)
    assert caught.value.status is not None
    assert caught.value.status.details is not None
    assert caught.value.status.details.kind == "imagestreams"


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (404, "NotFound", "the server could not find the requested resource"),
        (401, "Unauthorized", "the server has asked for the client to provide credentials"),
        (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
        (500, "InternalError", 'an error on the server ("oops") has prevented the request from succeeding'),
    ],
)
def test_an_error_without_status_gets_one(script: Any, answer: Any, code: int, reason: str, message: str) -> None:
    script.answer("GET", "/x", answer(code, b"oops"))

    with pytest.raises(ClientError) as caught:
        _client(script).request("GET", "/x")

    assert (caught.value.reason, caught.value.message) == (reason, message)


def test_odd_parts_of_a_status_do_no_harm(script: Any, answer: Any) -> None:
    odd = {"kind": "Status", "message": 7, "details": {"causes": ["x", {"message": 1}], "name": []}, "code": "a"}
    script.answer("GET", "/x", answer(409, odd))

    with pytest.raises(ClientError) as caught:
        _client(script).request("GET", "/x")

    assert caught.value.message == ""


def test_gzip_is_understood(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(200, gzip.compress(b'{"a":1}'), {"Content-Encoding": "gzip"}))

    assert _client(script).request("GET", "/x").json() == {"a": 1}


def test_an_endless_answer_is_cut_off(script: Any, answer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "ANSWER_LIMIT_BYTES", 1000)
    bomb = gzip.compress(b"0" * 10_000_000)
    script.answer("GET", "/x", answer(200, bomb, {"Content-Encoding": "gzip"}))

    with pytest.raises(ClientError, match="larger than 1000 bytes"):
        _client(script).request("GET", "/x")


def test_a_broken_answer_is_a_connection_problem(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(200, b"{", cut=True))

    with pytest.raises(ClientError, match="Unable to connect to the server: "):
        _client(script).request("GET", "/x")


def test_what_is_no_json_is_said(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(200, b"<html>"))

    with pytest.raises(ClientError, match="the server's answer is not JSON"):
        _client(script).request("GET", "/x").json()


def test_a_request_is_sent_again_when_the_server_asks_for_it(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(429, b"", {"Retry-After": "3"}), answer(503, b"", {"Retry-After": "1"}), answer())
    slept: list[float] = []

    RestClient(ClientConfig(script.url), sleep=slept.append).request("GET", "/x")

    assert slept == [3, 1]


def test_a_server_that_never_is_ready_is_given_up(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(429, b"", {"Retry-After": "1"}))

    with pytest.raises(ClientError) as caught:
        _client(script).request("GET", "/x")

    assert caught.value.reason == "TooManyRequests"
    assert len(script.requests) == rest.RETRIES + 1


def test_nobody_listening_is_said_as_kubectl_says_it() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

    with pytest.raises(ClientError) as caught:
        RestClient(ClientConfig(f"https://127.0.0.1:{port}")).request("GET", "/api")

    expected = f"The connection to the server 127.0.0.1:{port} was refused - did you specify the right host or port?"
    assert caught.value.message == expected


def test_plain_http_behind_https_is_said(script: Any) -> None:
    with pytest.raises(ClientError) as caught:
        RestClient(ClientConfig(script.url.replace("http:", "https:"))).request("GET", "/api")

    text = "Unable to connect to the server: http: server gave HTTP response to HTTPS client"
    assert caught.value.message == text


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()

        with pytest.raises(ClientError, match="exceeded while awaiting headers"):
            RestClient(ClientConfig(f"http://127.0.0.1:{silent.getsockname()[1]}"), timeout_s=0.1).request("GET", "/x")


def test_a_host_that_does_not_exist_is_said() -> None:
    with pytest.raises(ClientError, match=r"dial tcp: lookup nowhere\.invalid: no such host"):
        RestClient(ClientConfig("http://nowhere.invalid")).request("GET", "/x")


def test_warnings_are_passed_on_once(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(200, {}, {"Warning": '299 - "old \\"api\\"", 299 - "and more"'}))
    warned: list[str] = []
    client = RestClient(ClientConfig(script.url), warn=warned.append)

    client.request("GET", "/x")
    client.request("GET", "/x")

    assert warned == ['old "api"', "and more"]


@pytest.mark.parametrize(
    ("header", "texts"),
    [('299 - "a, b"', ["a, b"]), ("299", []), ('299 - "open', ["open"]), ('299 h "a" "date", 299 h "b"', ["a", "b"])],
)
def test_warning_headers_are_read_leniently(header: str, texts: list[str]) -> None:
    assert warning_texts(header) == texts


def test_a_stream_gives_lines(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(200, b'{"a":1}\n\n{"b":2}\n{"c":3}'))

    with _client(script).stream("/x") as lines:
        assert list(lines) == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_a_stream_that_is_refused_is_an_error(script: Any, answer: Any) -> None:
    script.answer("GET", "/x", answer(404, NOT_FOUND))

    with pytest.raises(ClientError, match="not found"), _client(script).stream("/x"):
        pass


def test_a_server_url_must_be_http() -> None:
    with pytest.raises(ClientError, match="no http or https URL"):
        RestClient(ClientConfig("ftp://x"))
