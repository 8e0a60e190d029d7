"""What the server keeps of what clients send, before it is known who they are."""

from __future__ import annotations

from typing import Any

import daphne.server
from daphne.http_protocol import HTTPFactory, WebRequest
from django.conf import settings

PATIENCE = 16
"""How many times the limit a client may go on sending, so that it can read why it was refused."""
FRAME_BYTES = 64 * 1024
MESSAGE_BYTES = 16 * 1024 * 1024
"""Of a websocket. Followers have nothing to say, but the bound of messages counts for what we send
as well: a result has a mebibyte of text, which is up to six in JSON."""


class BoundedRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request whose body is kept up to one byte more than the limit, by which it is refused later.

    Daphne would write all of it to a temporary file first, whoever sends it.
    """

    room = 0
    dropped = 0

    def gotLength(self, length: int | None) -> None:
        self.room = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        super().gotLength(length)

    def handleContentChunk(self, data: bytes) -> None:
        kept = data[: self.room]
        self.room -= len(kept)
        self.dropped += len(data) - len(kept)
        if kept:
            super().handleContentChunk(kept)
        if self.dropped > settings.DATA_UPLOAD_MAX_MEMORY_SIZE * PATIENCE:
            self.channel.transport.abortConnection()


class BoundedFactory(HTTPFactory):  # type: ignore[misc]  # daphne has no types
    def buildProtocol(self, addr: Any) -> Any:
        protocol = super().buildProtocol(addr)
        if protocol is not None:
            protocol.requestFactory = BoundedRequest
        return protocol


class BoundedServer(daphne.server.Server):  # type: ignore[misc]  # daphne has no types
    """A server that bounds bodies and messages. It names its factories in no other place than its module."""

    def run(self) -> None:
        daphne.server.HTTPFactory = BoundedFactory
        super().run()

    def listen_success(self, port: Any) -> None:
        self.ws_factory.setProtocolOptions(
            maxFramePayloadSize=FRAME_BYTES, maxMessagePayloadSize=MESSAGE_BYTES
        )
        super().listen_success(port)
