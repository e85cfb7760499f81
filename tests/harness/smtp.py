"""A mail server for tests: takes mail over a real socket, and can refuse a person or hang."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any


class _Session(socketserver.StreamRequestHandler):
    """One conversation: just enough of SMTP for a client that sends plainly."""

    server: MailServer

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self) -> None:
        self._say("220 ready")
        people: list[str] = []
        while line := self.rfile.readline().decode().strip():
            word = line[:4].upper()
            if word == "RCPT":
                address = line.split("<")[1].split(">")[0]
                if address in self.server.refused:
                    self._say("550 nobody here")
                    continue
                people.append(address)
            if word == "DATA":
                self._say("354 go on")
                self.server.keep(people, self._data())
                people = []
            self._say("221 bye" if word == "QUIT" else "250 fine")
            if word == "QUIT":
                return

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)


class MailServer(socketserver.ThreadingTCPServer):
    """What it took stands in `mails`: (address, message)."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Session)
        self.mails: list[tuple[str, EmailMessage]] = []
        self.refused: set[str] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def keep(self, people: list[str], data: bytes) -> None:
        """Keep a mail for each of its readers."""
        message: Any = email.message_from_bytes(data, policy=email.policy.default)
        self.mails += [(person, message) for person in people]


@contextmanager
def mail_server(port: int = 0) -> Iterator[MailServer]:
    """A mail server that ends with the block; on a port of its own unless one is named."""
    with MailServer(port) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
