"""PyPI's simple index, OSV and npm's registry on loopback: they hold what a test puts in, and lie as it likes."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Index:
    """What is served; each file under its name, the packages of npm as their registry tells them."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)  # another digest than the file's own
    yanked: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    advisories: dict[str, dict[str, Any]] = field(default_factory=dict)  # OSV's, by the package's name
    npm: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # npm's, by the package's name
    broken: dict[str, bytes | None] = field(default_factory=dict)  # what is sent for a path instead; None: 404
    asked: list[str] = field(default_factory=list)

    def wheel(
        self, name: str, files: Mapping[str, str], requires: str = "", version: str = "1.0", mode: int = 0o644
    ) -> str:
        """Serve a wheel of these files; its digest."""
        notes = f"{name}-{version}.dist-info"
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        held = {
            **files,
            f"{notes}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
            f"{notes}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        listed = [f"{path},{_digest(text)},{len(text.encode())}" for path, text in held.items()]
        held[f"{notes}/RECORD"] = "\n".join([*listed, f"{notes}/RECORD,,\n"])
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path, text in held.items():
                entry = zipfile.ZipInfo(path)
                entry.external_attr = (0o100000 | mode) << 16
                archive.writestr(entry, text)
        return self.put(f"{name}-{version}-py3-none-any.whl", packed.getvalue())

    def source(self, name: str, files: Mapping[str, str], version: str = "1.0") -> str:
        """Serve a source distribution; its digest."""
        return self.put(f"{name}-{version}.tar.gz", tarball(f"{name}-{version}", files))

    def put(self, name: str, content: bytes) -> str:
        """Serve a file; its digest."""
        self.files[name] = content
        return hashlib.sha256(content).hexdigest()

    def project(self, name: str) -> dict[str, Any]:
        """The page of a project, by PEP 691."""
        return {
            "meta": {"api-version": "1.4"},
            "project-status": {"status": self.status.get(name, "active")},
            "name": name,
            "files": [self._file(one) for one in self.files if one.startswith(f"{name}-")],
        }

    def _file(self, name: str) -> dict[str, Any]:
        digest = self.told.get(name) or hashlib.sha256(self.files[name]).hexdigest()
        url = f"{self.url}/files/{name}"
        return {"filename": name, "url": url, "hashes": {"sha256": digest}, "yanked": self.yanked.get(name, False)}

    def answer(self, path: str, body: Any) -> Any:
        """What is told for a path: bytes of a file, else JSON, else none."""
        self.asked.append(path)
        if path in self.broken:
            return self.broken[path]
        where, _, name = path.strip("/").rpartition("/")
        match where:
            case "simple":
                return self.project(name) if any(one.startswith(f"{name}-") for one in self.files) else None
            case "files":
                return self.files.get(name)
            case "v1":
                return {"results": [self._known(one["package"]["name"]) for one in body["queries"]]}
            case "v1/vulns":
                return next(one for one in self.advisories.values() if one["id"] == name)
            case "-/npm/v1/security/advisories":
                return {one: self.npm[one] for one in body if one in self.npm}
            case _ if name.endswith(".tgz"):
                return self.files.get(name)
            case _:
                return {"name": name, "versions": {"1.0.0": {"name": name, "version": "1.0.0"}}}

    def _known(self, name: str) -> dict[str, Any]:
        one = self.advisories.get(name)
        return {"vulns": [{"id": one["id"], "modified": one["modified"]}]} if one else {}


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, *arguments: Any, index: Index) -> None:
        self.index = index
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._send(self.index.answer(self.path, None))

    def do_HEAD(self) -> None:
        self._send(self.index.answer(self.path, None), body=False)

    def do_POST(self) -> None:
        self._send(self.index.answer(self.path, json.loads(self._body())))

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _send(self, told: Any, *, body: bool = True) -> None:
        plain = isinstance(told, bytes)
        content = told if plain else json.dumps(told).encode()
        self.send_response(404 if told is None else 200)
        kind = "application/octet-stream" if plain else "application/json"
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json" if "/simple/" in self.path else kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def serving() -> Iterator[Index]:
    """An empty index, on a port of its own."""
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, index=index))
    index.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tarball(root: str, files: Mapping[str, str]) -> bytes:
    """A gzipped archive of these files below a folder."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{root}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
