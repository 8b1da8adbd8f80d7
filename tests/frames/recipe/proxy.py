"""A TCP proxy that records Kafka frames: one line a frame, in the order in which frames became complete.

usage: proxy.py FILE=LISTEN:TARGET ...   appends to FILE what passes from port LISTEN to port TARGET (loopback);
several ports may share a file. Knows the length prefix of a frame and nothing else of Kafka. SIGTERM ends it.
"""

import asyncio
import itertools
import signal
import sys
import time

HOST = "127.0.0.1"
START = time.monotonic()


class Recording:
    """One file; its connections are numbered from 1 as they arrive."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="ascii", newline="\n")
        self.numbers = itertools.count(1)

    def line(self, text):
        self.file.write(text + "\n")

    def frame(self, connection, direction, frame):
        milliseconds = int((time.monotonic() - START) * 1000)
        self.line(f"{connection} {direction} {milliseconds} {frame.hex()}")


class Direction:
    """Cuts one direction of a connection into frames and records each as its last byte arrives."""

    def __init__(self, recording, connection, sign):
        self.recording, self.connection, self.sign = recording, connection, sign
        self.pending = bytearray()

    def take(self, data):
        self.pending += data
        while len(self.pending) >= 4:
            size = int.from_bytes(self.pending[:4], "big", signed=True)
            if size < 0:
                sys.exit(f"connection {self.connection}: frame of {size} bytes: this is not Kafka")
            if len(self.pending) < 4 + size:
                return
            self.recording.frame(self.connection, self.sign, bytes(self.pending[: 4 + size]))
            del self.pending[: 4 + size]

    def end(self):
        """A frame that was cut off is not a frame; say so, since its request will look unanswered."""
        if self.pending:
            self.recording.line(f"# connection {self.connection} {self.sign}: closed {len(self.pending)} bytes into a frame")
            self.pending.clear()


async def pump(reader, writer, direction):
    try:
        while data := await reader.read(65536):
            direction.take(data)  # recorded before it is passed on: a request always precedes its response
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        direction.end()
        writer.close()


def serve(recording, target):
    async def connected(reader, writer):
        try:
            to_broker = await asyncio.open_connection(HOST, target)
        except ConnectionError:  # the broker is not up yet, or down again; the client will come back
            writer.close()
            return
        number = next(recording.numbers)
        await asyncio.gather(
            pump(reader, to_broker[1], Direction(recording, number, ">")),
            pump(to_broker[0], writer, Direction(recording, number, "<")),
            return_exceptions=True,
        )

    return connected


async def main(arguments):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    recordings = {}
    for argument in arguments:
        path, ports = argument.rsplit("=", 1)
        listen, target = map(int, ports.split(":"))
        recording = recordings.setdefault(path, Recording(path))
        await asyncio.start_server(serve(recording, target), HOST, listen)
    await stop.wait()
    for recording in recordings.values():
        recording.file.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
