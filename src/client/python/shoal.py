"""A client of a Shoal pool: pictures, texts or tensors in, answers by a deadline out.

One file that needs nothing but Python 3.9 or later. Copy it beside your program:

    from shoal import Shoal

    pool = Shoal("http://localhost:8787")
    answer = pool.infer("ocr", "page.jpg", timeout=2.0)
    for line in answer.outputs["lines"]:
        print(line["text"])

A text comes piece by piece:

    for piece in pool.generate("receipt", text="Star Grill\\nTOTAL 9.70"):
        print(piece, end="")

Documents are read in the background, by when they are wanted:

    job = pool.create_job(["scan.pdf"], by="07:00", output=["text", "pdf"])
    while pool.job(job["id"])["endedAt"] is None:
        time.sleep(10)
    open("read.pdf", "wb").write(pool.job_result(job["id"], 0, "pdf"))

A call that has no result raises `ShoalError`, whose `reason` is one of those that docs/API.md lists.
A call with a `timeout` is tried again where the pool says when that can succeed, and only if that is
before the deadline.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import socket
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

__all__ = ["Answer", "Generating", "Shoal", "ShoalError", "Tensor"]

#: Seconds after which a call without a timeout ends if nothing comes back.
LONGEST_S = 600.0
#: Seconds that an answer may be on its way after the deadline.
GRACE_S = 5.0
#: What the coordinator takes as an id.
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


class ShoalError(Exception):
    """A call that has no result.

    `status` is that of HTTP, 0 if there was none; `reason` is stable, as `infeasible_deadline`;
    `retry_after` is in seconds, None if no later try can succeed.
    """

    def __init__(
        self, status: int, reason: str, message: str, retry_after: Optional[float] = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True)
class Tensor:
    """One input of a pipeline that takes tensors. `data` is flat, or nested as `shape` says."""

    name: str
    datatype: str
    shape: Sequence[int]
    data: Sequence[Any]


@dataclass(frozen=True)
class Answer:
    """What a query brought. Times are in milliseconds."""

    id: str
    pipeline: str
    #: Lists by name, as the pipeline's file declares them.
    outputs: Dict[str, Any]
    #: Mean accuracy of the paths that served it, 0 to 1.
    accuracy: float
    deadline_ms: float
    latency_ms: float
    #: Items that each variant served, by task.
    path: Dict[str, Dict[str, int]]
    #: Batches that served it: task, variant, node, and how long each took.
    stages: List[Dict[str, Any]] = field(repr=False)
    #: The whole answer as the pool sent it.
    json: Dict[str, Any] = field(repr=False)


Query = Union[str, "os.PathLike[str]", bytes, bytearray, Sequence[Tensor]]


class Shoal:
    """A pool at `url`, which may lie below a path. `key` is sent where the pool asks for one."""

    def __init__(
        self, url: str, key: Optional[str] = None, headers: Optional[Mapping[str, str]] = None
    ) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"Cannot use {url!r}: must be an http or https URL")
        self._url = parts
        self._headers = dict(headers or {})
        if key is not None:
            self._headers["authorization"] = f"Bearer {key}"

    def infer(
        self,
        pipeline: str,
        query: Query,
        *,
        timeout: Optional[float] = None,
        min_accuracy: Optional[float] = None,
        prefer: Optional[str] = None,
        request_id: Optional[str] = None,
        tries: int = 5,
    ) -> Answer:
        """Sends a picture (its path or its bytes) or tensors through a pipeline.

        `timeout` is in seconds, from the call to its answer with all tries; without it the pipeline's
        own deadline holds, and nothing is tried again. `min_accuracy` is the least accuracy of the
        paths used, 0 to 1. `prefer` says what the pool is run for meanwhile: "frugal", "balanced" or
        "sooner", in place of what the pipeline says.
        """
        headers = _headers_of(timeout, min_accuracy, prefer, request_id)
        end = None if timeout is None else time.monotonic() + timeout
        headers["content-type"], body = _body_of(query)
        path = _infer_path(pipeline)
        for left in range(tries - 1, -1, -1):
            longest = LONGEST_S
            if end is not None:
                longest = max(0.001, end - time.monotonic())
                headers["x-request-timeout-ms"] = str(max(1, int(longest * 1000)))
            try:
                return _answer_of(self._call("POST", path, headers, body, longest + GRACE_S))
            except ShoalError as error:
                wait = error.retry_after
                if wait is None or end is None or left == 0 or time.monotonic() + wait >= end:
                    raise
            time.sleep(wait)
        raise ValueError(f"Cannot use tries: must be 1 or more: received {tries}")

    def generate(
        self,
        pipeline: str,
        picture: Union[str, "os.PathLike[str]", bytes, bytearray, None] = None,
        *,
        text: Optional[str] = None,
        max_tokens: Optional[int] = None,
        temperature: Optional[float] = None,
        top_p: Optional[float] = None,
        seed: Optional[int] = None,
        stop: Union[str, Sequence[str], None] = None,
        schema: Optional[Mapping[str, Any]] = None,
        timeout: Optional[float] = None,
        min_accuracy: Optional[float] = None,
        prefer: Optional[str] = None,
        request_id: Optional[str] = None,
    ) -> "Generating":
        """Sends a text, or a picture, through a pipeline that generates: an iterator of the text.

        `answer` of what is returned is there once the iteration is through; `close()`, or leaving its
        `with`, takes the query back. Nothing is tried again. `max_tokens` to `schema` say how to
        generate, in place of what the pipeline says; the rest is as of `infer`.
        """
        if (text is None) == (picture is None):
            raise ValueError("Cannot generate: must be given a picture or a text, one of them")
        headers = _headers_of(timeout, min_accuracy, prefer, request_id)
        headers["accept"] = "text/event-stream"
        if timeout is not None:
            headers["x-request-timeout-ms"] = str(max(1, int(timeout * 1000)))
        ask: Dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "top_p": top_p}
        ask.update(seed=seed, stop=stop if stop is None or isinstance(stop, str) else list(stop))
        ask.update(schema=schema)
        ask = {name: value for name, value in ask.items() if value is not None}
        if picture is not None:
            headers["content-type"], body = _body_of(picture)
        if text is not None or ask:
            one: Dict[str, Any] = {"name": "text", "shape": [1], "datatype": "BYTES", "data": [text]}
            if picture is not None:
                encoded = base64.b64encode(body).decode()
                one.update(name="image", data=[encoded], parameters={"encoding": "base64"})
            headers["content-type"] = "application/json"
            body = json.dumps({"inputs": [one], "parameters": ask}).encode()
        longest = LONGEST_S if timeout is None else timeout
        return Generating(self, _infer_path(pipeline), headers, body, longest + GRACE_S)

    def create_job(
        self,
        files: Sequence[Union[str, "os.PathLike[str]"]],
        *,
        pipeline: str = "documents",
        by: Optional[str] = None,
        output: Sequence[str] = ("text", "json"),
        webhook: Optional[str] = None,
        timeout: float = 3600.0,
    ) -> Dict[str, Any]:
        """Sends documents, by their paths, as a job; they are kept once this returns.

        `by` is an instant of ISO 8601, or a time of day as "07:00", the next one where the coordinator
        is. `output` is of "text", "json", "hocr", "alto" and "pdf". `timeout`, in seconds, is for the
        upload.
        """
        fields = {"pipeline": pipeline, "by": by, "output": ",".join(output), "webhook": webhook}
        boundary = f"shoal-{os.urandom(16).hex()}"
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        body = _form_of(boundary, fields, files)
        return self._call("POST", "/v1/jobs", headers, body, timeout)

    def jobs(self) -> List[Dict[str, Any]]:
        """Jobs made with the same key, newest first, without their documents."""
        return self.get("/v1/jobs")["jobs"]

    def job(self, id: str) -> Dict[str, Any]:
        """How far a job is."""
        return self.get(_job_path(id))

    def cancel_job(self, id: str) -> Dict[str, Any]:
        """Ends a job; what is done of it is kept."""
        known = self.job(id)
        if known["endedAt"] is not None:
            return known
        return self._call("DELETE", _job_path(id), {}, None, 60.0)

    def remove_job(self, id: str) -> None:
        """Removes a job with all of its files."""
        self._call("DELETE", _job_path(id) + "?purge", {}, None, 60.0)

    def job_result(self, id: str, document: int, output: str) -> bytes:
        """An output of a document, by its place in the job."""
        extensions = {"text": "txt", "json": "json", "hocr": "hocr", "alto": "xml", "pdf": "pdf"}
        if output not in extensions:
            raise ValueError(f"Cannot use output: must be of {', '.join(extensions)}")
        path = f"{_job_path(id)}/results/{document}.{extensions[output]}"
        return self._call("GET", path, {}, None, LONGEST_S, raw=True)

    def pipelines(self) -> List[Dict[str, Any]]:
        """What the pool serves."""
        return self.get("/v1/pipelines")["pipelines"]

    def nodes(self) -> List[Dict[str, Any]]:
        """The devices in the pool."""
        return self.get("/v1/nodes")["nodes"]

    def get(self, path: str) -> Any:
        """Any call that reads, as `/v1/plan` or `/v1/stats`."""
        return self._call("GET", path, {}, None, 30.0)

    def _call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Union[bytes, Iterator[bytes], None],
        longest: float,
        raw: bool = False,
    ) -> Any:
        url = self._url
        end = time.monotonic() + longest
        link = self._link(longest)
        try:
            response = self._send(link, method, path, headers, body)
            content = b""
            while part := response.read(1 << 20):
                content += part
                # The time that was given is for all parts together.
                if time.monotonic() > end:
                    raise socket.timeout
                if link.sock is not None:
                    link.sock.settimeout(max(0.001, end - time.monotonic()))
        except socket.timeout:
            raise ShoalError(0, "unreachable", f"Cannot wait for {url.geturl()} any longer") from None
        except (OSError, http.client.HTTPException) as cause:
            raise ShoalError(0, "unreachable", f"Cannot reach {url.geturl()}: {cause}") from cause
        finally:
            link.close()
        if raw and response.status == 200:
            return content
        return None if response.status == 204 else _said_by(response, path, content)

    def _link(self, longest: float) -> http.client.HTTPConnection:
        secure = self._url.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=longest)

    def _send(
        self,
        link: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Union[bytes, Iterator[bytes], None],
    ) -> http.client.HTTPResponse:
        whole = self._url.path.rstrip("/") + path
        sent = {**self._headers, **headers}
        try:
            link.request(method, whole, body, sent, encode_chunked=isinstance(body, Iterator))
        except BrokenPipeError:
            # Refused before all was sent: the answer says why.
            pass
        return link.getresponse()


class Generating:
    """An iterator of pieces of a text; `answer` and `text` are whole at its end."""

    def __init__(
        self, pool: Shoal, path: str, headers: Mapping[str, str], body: bytes, longest: float
    ) -> None:
        #: What was said so far.
        self.text = ""
        #: None until the text is whole.
        self.answer: Optional[Answer] = None
        self._url = pool._url.geturl()
        self._link = pool._link(longest)
        self._end = time.monotonic() + longest
        try:
            self._response = pool._send(self._link, "POST", path, headers, body)
            if self._response.status != 200:
                _said_by(self._response, path, self._response.read())
        except BaseException as cause:
            self.close()
            self._raise(cause)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.answer is not None or self._link.sock is None and self._response.isclosed():
            raise StopIteration
        try:
            event, said = self._event()
        except BaseException as cause:
            self.close()
            self._raise(cause)
        if event == "text":
            self.text += said["text"]
            return str(said["text"])
        self.close()
        if event == "answer":
            self.answer = _answer_of(said)
            raise StopIteration
        raise ShoalError(200, str(said["reason"]), str(said["error"]), said.get("retryAfterS"))

    def _event(self) -> "tuple[str, Dict[str, Any]]":
        event, said = "", None
        while True:
            if time.monotonic() > self._end:
                raise socket.timeout
            line = self._response.readline()
            if line == b"":
                raise http.client.IncompleteRead(b"")
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            if name == "event":
                event = value.strip()
            elif name == "data":
                said = json.loads(value)
            elif line.strip() == b"" and said is not None:
                return event, said

    def _raise(self, cause: BaseException) -> None:
        if isinstance(cause, socket.timeout):
            message = f"Cannot wait for {self._url} any longer"
            raise ShoalError(0, "unreachable", message) from None
        if isinstance(cause, (OSError, http.client.HTTPException)):
            raise ShoalError(0, "unreachable", f"Cannot go on with {self._url}: {cause}") from cause
        raise cause

    def close(self) -> None:
        """Takes the query back if its text is not whole."""
        if hasattr(self, "_response"):
            self._response.close()
        self._link.close()

    def __enter__(self) -> "Generating":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _said_by(response: http.client.HTTPResponse, path: str, content: bytes) -> Any:
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    if 200 <= response.status < 300 and said is not None:
        return said
    known = said if isinstance(said, dict) else {}
    raise ShoalError(
        response.status,
        str(known.get("reason", "unreachable")),
        str(known.get("error", f"Cannot call {path}: received status {response.status}")),
        _seconds(response.getheader("retry-after")),
    )


def _infer_path(pipeline: str) -> str:
    return f"/v1/pipelines/{urllib.parse.quote(pipeline, safe='')}/infer"


def _job_path(id: str) -> str:
    return f"/v1/jobs/{urllib.parse.quote(id, safe='')}"


def _form_of(
    boundary: str,
    fields: Mapping[str, Optional[str]],
    files: Sequence[Union[str, "os.PathLike[str]"]],
) -> Iterator[bytes]:
    """A form as it is sent, its files read piece by piece."""
    for name, value in fields.items():
        if value is not None:
            yield f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n'.encode()
            yield f"{value}\r\n".encode()
    for path in files:
        name = re.sub(r'[\r\n"]', "", os.path.basename(path))
        head = f'content-disposition: form-data; name="files"; filename="{name}"'
        yield f"--{boundary}\r\n{head}\r\ncontent-type: application/octet-stream\r\n\r\n".encode()
        with open(path, "rb") as file:
            while part := file.read(1 << 20):
                yield part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _headers_of(
    timeout: Optional[float],
    min_accuracy: Optional[float],
    prefer: Optional[str],
    request_id: Optional[str],
) -> Dict[str, str]:
    headers = {}
    if timeout is not None and not 0.001 <= timeout <= 600:
        raise ValueError(f"Cannot use timeout: must be 0.001 to 600 seconds: received {timeout}")
    if min_accuracy is not None:
        if not 0 <= min_accuracy <= 1:
            raise ValueError(f"Cannot use min_accuracy: must be 0 to 1: received {min_accuracy}")
        headers["x-min-accuracy"] = f"{min_accuracy:.6f}"
    if prefer is not None:
        if prefer not in ("frugal", "balanced", "sooner"):
            known = "must be frugal, balanced or sooner"
            raise ValueError(f"Cannot use prefer: {known}: received {prefer}")
        headers["x-prefer"] = prefer
    if request_id is not None:
        if _REQUEST_ID.fullmatch(request_id) is None:
            raise ValueError("Cannot use request_id: must be 1 to 128 visible ASCII characters")
        headers["x-request-id"] = request_id
    return headers


def _seconds(text: Optional[str]) -> Optional[float]:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None


def _body_of(query: Query) -> "tuple[str, bytes]":
    if isinstance(query, (str, os.PathLike)):
        with open(query, "rb") as file:
            query = file.read()
    if isinstance(query, (bytes, bytearray)):
        return _picture_type(query), bytes(query)
    inputs = [
        {"name": one.name, "datatype": one.datatype, "shape": list(one.shape), "data": list(one.data)}
        for one in query
    ]
    return "application/json", json.dumps({"inputs": inputs}).encode()


def _picture_type(picture: Union[bytes, bytearray]) -> str:
    if picture[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if picture[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    raise ValueError("Cannot send the picture: must be PNG, JPEG or WebP")


def _answer_of(said: Dict[str, Any]) -> Answer:
    return Answer(
        id=said["id"],
        pipeline=said["pipeline"],
        outputs=said["outputs"],
        accuracy=said["accuracy"],
        deadline_ms=said["deadlineMs"],
        latency_ms=said["latencyMs"],
        path=said["path"],
        stages=said["stages"],
        json=said,
    )


if __name__ == "__main__":
    import sys

    if len(sys.argv) not in (4, 5):
        sys.exit("usage: python3 shoal.py URL PIPELINE PICTURE [SECONDS]")
    try:
        seconds = float(sys.argv[4]) if len(sys.argv) == 5 else None
        found = Shoal(sys.argv[1]).infer(sys.argv[2], sys.argv[3], timeout=seconds)
        print(json.dumps(found.outputs, ensure_ascii=False, indent=2))
    except (ShoalError, ValueError, OSError) as problem:
        sys.exit(str(problem))
