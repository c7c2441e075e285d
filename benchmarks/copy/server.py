"""The vendor's side, a process of its own: serves the files of a folder with sendfile, as fast as the line allows.

`python -m benchmarks.copy.server FOLDER CORES RATE LATENCY` prints its port, and ends when its input does.
"""

import os
import socket
import sys
import time
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from benchmarks.copy.pace import Pace


class Server:
    """Plain HTTP/1.1: GET and HEAD of a file, always whole, with its length."""

    def __init__(self, folder: Path, rate: float = 0, latency: float = 0) -> None:
        self._folder, self._pace, self._latency = folder, Pace(rate), latency
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._door.getsockname()[1])

    def run(self) -> None:
        """Serve for ever, each connection in a thread of its own."""
        while True:
            Thread(target=self._talk, args=(self._door.accept()[0],), daemon=True).start()

    def _talk(self, wire: socket.socket) -> None:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with wire, wire.makefile("rb") as heard:
            while words := heard.readline().split():
                heads = [line.lower() for line in iter(heard.readline, b"\r\n") if line]
                time.sleep(self._latency)
                try:
                    self._answer(wire, words[0], words[1].decode())
                except OSError:  # whoever asked has gone away
                    return
                if any(head.startswith(b"connection: close") for head in heads):
                    return

    def _answer(self, wire: socket.socket, method: bytes, target: str) -> None:
        path = self._folder / Path(target.partition("?")[0]).name
        if not path.is_file():
            wire.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        with path.open("rb") as file:
            size = path.stat().st_size
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {size}\r\n\r\n"
            wire.sendall(head.encode())
            if method == b"GET":
                self._send(wire, file, size)

    def _send(self, wire: socket.socket, file: BinaryIO, size: int) -> None:
        done = 0
        while done < size:
            step = min(self._pace.slice, size - done)
            self._pace.take(step)
            until = done + step
            while done < until:
                done += os.sendfile(wire.fileno(), file.fileno(), done, until - done)


def main() -> None:
    """Serve in the background until nobody holds our input any more."""
    folder, cores, rate, latency = sys.argv[1:]
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    server = Server(Path(folder), float(rate), float(latency))
    Thread(target=server.run, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()
    print("{}", flush=True)


if __name__ == "__main__":
    main()
