"""A TCP proxy in front of a server: the test says what goes wrong on the way, while processes talk through it."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

LOOPBACK = "127.0.0.1"
CHUNK = 65536
TAIL = 256  # bytes of the last chunk in which a match may begin


class Proxy:
    """Forwards a port of its own to `target`, another port of 127.0.0.1. Attributes may be changed at any time.

    `delay` and `jitter`: seconds each way, the second at random. `reset_share`: how many of the requests, 0 to 1, end
    with a reset of their connection. `refuse`: new connections are reset. `target`: where new connections go.
    """

    def __init__(self, target: int, *, seed: int = 1) -> None:
        self.target = target
        self.delay = self.jitter = self.reset_share = 0.0
        self.refuse = False
        self.cuts = 0  # requests or replies that were cut so far
        self._plan: tuple[bytes, bool] | None = None
        self._sessions: set[Session] = set()
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._passable = asyncio.Event()
        self._passable.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def start(self) -> Proxy:
        self._thread.start()
        listening = self._run(asyncio.start_server(self._meet, LOOPBACK, 0))
        self.port: int = listening.sockets[0].getsockname()[1]
        return self

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def cut(self) -> None:
        """Reset every open connection."""
        self._do(self._abort_all)

    def cut_request(self, matching: bytes) -> Callable[[], bool]:
        """Cut the connection of the next request that holds these bytes: the server never sees it.

        The answer tells whether it was done; likewise below.
        """
        return self._cut(matching, reply=False)

    def cut_reply(self, matching: bytes) -> Callable[[], bool]:
        """Forward the next request that holds these bytes, and cut the connection before its reply."""
        return self._cut(matching, reply=True)

    def _cut(self, matching: bytes, *, reply: bool) -> Callable[[], bool]:
        before, self._plan = self.cuts, (matching, reply)
        return lambda: self.cuts > before

    def swallow(self) -> None:
        """From now on nothing passes, and no connection is closed: a black hole."""
        self._do(self._passable.clear)

    def mend(self) -> None:
        """Everything passes again, what was swallowed too."""
        self.delay = self.jitter = self.reset_share = 0.0
        self.refuse, self._plan = False, None
        self._do(self._passable.set)

    def stop(self) -> None:
        with suppress(RuntimeError, TimeoutError):  # the loop has ended
            self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    # --- in the proxy's own thread

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuse:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        session = Session(self, (reader, writer), there)
        self._sessions.add(session)
        await session.run()
        self._sessions.discard(session)

    def judge(self, seen: bytes) -> str:
        """What becomes of a request: "pass", "cut", or "cut reply"."""
        if self.reset_share and self._random.random() < self.reset_share:
            return "cut"
        if self._plan is None or self._plan[0] not in seen:
            return "pass"
        reply, self._plan = self._plan[1], None
        self.cuts += 1
        return "cut reply" if reply else "cut"

    async def passage(self) -> None:
        """Wait as long as it takes to pass."""
        await self._passable.wait()

    def travel(self) -> float:
        """Seconds of the way, one direction."""
        return self.delay + self.jitter * self._random.random()

    def _abort_all(self) -> None:
        for session in list(self._sessions):
            session.abort()

    async def _end(self) -> None:
        """Nobody is left in the loop when it stops: a task that is collected later would run in a dead one."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)
        self._abort_all()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def _do(self, step: Callable[[], Any]) -> None:
        async def call() -> None:
            step()

        with suppress(RuntimeError, TimeoutError):  # the loop has ended
            self._run(call())


class Session:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: Any, server: Any) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._mute = False

    async def run(self) -> None:
        """Until one side ends, or somebody cuts."""
        ways = [(self._client[0], self._server[1], True), (self._server[0], self._client[1], False)]
        tasks = [asyncio.ensure_future(self._carry(*way)) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        self.abort()

    def abort(self) -> None:
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bool) -> None:
        """One direction. What is on the way stays in order, whatever each piece takes."""
        road: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        deliverer = asyncio.ensure_future(self._deliver(road, writer))
        now, tail = asyncio.get_running_loop().time, b""
        try:
            with suppress(OSError):
                while data := await reader.read(CHUNK):
                    if not self._allows(tail + data, request):
                        return
                    tail = data[-TAIL:]
                    road.put_nowait((now() + self._proxy.travel(), data))
        finally:
            deliverer.cancel()

    def _allows(self, seen: bytes, request: bool) -> bool:
        if not request:
            return not self._mute  # the server has answered, so it has done it: now cut
        verdict = self._proxy.judge(seen)
        self._mute = self._mute or verdict == "cut reply"
        return verdict != "cut"

    async def _deliver(self, road: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        now = asyncio.get_running_loop().time
        while True:
            at, data = await road.get()
            await asyncio.sleep(max(0.0, at - now()))
            await self._proxy.passage()
            with suppress(OSError):
                writer.write(data)
                await writer.drain()
