"""A mail server for tests: real sockets, one behaviour per recipient's name."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

RCPT = {"refused": b"550 no such user", "later": b"451 try later"}


class Server(socketserver.ThreadingTCPServer):
    """Keeps what it accepted; `refused@`, `later@` and `vanish@` (the line breaks after the text) misbehave."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.mails: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}?from=lianxin@example.cn"


class Session(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        self.server.connections += 1
        self.say(b"220 test")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.split(":")[0].upper()
            if word == "RCPT TO":
                recipient = line.split("<")[1].split("@")[0]
                self.say(RCPT.get(recipient, b"250 ok"))
            elif word == "DATA":
                self.say(b"354 go on")
                text = self.text()
                if recipient == "vanish":
                    return
                self.server.mails.append(text)
                self.say(b"250 queued as 4711")
            else:
                self.say(b"250 ok")

    def text(self) -> str:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.decode())
        return "".join(lines)

    def say(self, reply: bytes) -> None:
        self.wfile.write(reply + b"\r\n")


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
