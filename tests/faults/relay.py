"""A TCP relay on loopback that passes everything on, until it is told to do damage."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from tests.busy import BUSY_SECONDS

_BYTES = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TRICKLE_SECONDS = 0.15


class Relay:
    """Stands between clients and one address, from the start of its `with` block to the end."""

    def __init__(self, target: str) -> None:
        self._host, _, self._port = target.rpartition(":")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._pass: Callable[[bytes, asyncio.StreamWriter], Awaitable[None]] | None = None

    def reset(self) -> None:
        """Reset every connection: the other end sees `connection reset by peer`."""
        self._do(self._reset)

    def cut(self) -> None:
        """Pass half of what comes next from behind, then close the connection."""
        self._do(lambda: setattr(self, "_pass", self._half))

    def trickle(self) -> None:
        """Pass what comes from behind a byte at a time from now on, each long before a client gives up waiting."""
        self._do(lambda: setattr(self, "_pass", self._slowly))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._accept())

    async def _accept(self) -> None:
        async with await asyncio.start_server(self._connected, sock=self._listener):
            await self._over.wait()
            self._reset()
            for task in self._tasks:
                task.cancel()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        behind_reader, behind = await asyncio.open_connection(self._host, int(self._port))
        for pump in (self._pump(reader, behind), self._answers(behind_reader, writer)):
            task = self._loop.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_BYTES):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _answers(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_BYTES):
                if self._pass is None:
                    client.write(data)
                else:
                    await self._pass(data, client)
        except ConnectionError:
            pass
        finally:
            client.close()

    async def _half(self, data: bytes, client: asyncio.StreamWriter) -> None:
        client.write(data[: len(data) // 2])
        await client.drain()
        raise ConnectionAbortedError

    async def _slowly(self, data: bytes, client: asyncio.StreamWriter) -> None:
        for number in range(len(data)):
            client.write(data[number : number + 1])
            await client.drain()
            await asyncio.sleep(_TRICKLE_SECONDS)

    def _reset(self) -> None:
        for client in self._clients:
            if not client.transport.is_closing():
                client.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                client.transport.abort()

    def _do(self, action: Callable[[], object]) -> None:
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._loop.call_soon_threadsafe(act)
        done.wait(BUSY_SECONDS)
