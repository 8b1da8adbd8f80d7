#!/usr/bin/env python3
"""Brokers that misbehave, each on a port of its own; prints NAME=HOST:PORT of all, and serves until it is stopped."""
import socket
import struct
import threading

METADATA = 3


def api_versions(version):
    apis = [(0, 3, 8), (1, 4, 11), (2, 1, 3), (METADATA, 0, 4), (18, 0, 3), (19, 0, 4)]
    if version >= 3:
        keys = b"".join(struct.pack(">hhhb", *api, 0) for api in apis)
        return struct.pack(">hb", 0, len(apis) + 1) + keys + struct.pack(">ib", 0, 0)
    keys = b"".join(struct.pack(">hhh", *api) for api in apis)
    return struct.pack(">hi", 0, len(apis)) + keys + (struct.pack(">i", 0) if version else b"")


def frame(correlation, body, size=None):
    return struct.pack(">ii", (len(body) + 4) if size is None else size, correlation) + body


def read(stream, size):
    data = b""
    while len(data) < size:
        part = stream.recv(size - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def cut(correlation):
    return frame(correlation, bytes(1020), size=8192)


def malformed(correlation):
    # No throttle time, one broker: node 1, whose host claims 300 bytes.
    return frame(correlation, struct.pack(">iiih", 0, 1, 1, 300) + b"b1.example.org")


def http(_):
    return b"HTTP/1.1 400 Bad Request\r\n\r\n"


def serve(stream, answer, at_once):
    try:
        while True:
            size, = struct.unpack(">i", read(stream, 4))
            key, version, correlation = struct.unpack(">hhi", read(stream, size)[:8])
            if key == METADATA or at_once:
                stream.sendall(answer(correlation))
                if answer is not malformed:
                    return stream.close()
            else:
                stream.sendall(frame(correlation, api_versions(version)))
    except (ConnectionError, struct.error):
        stream.close()


def listen(answer, at_once):
    server = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            threading.Thread(target=serve, args=(server.accept()[0], answer, at_once), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


if __name__ == "__main__":
    brokers = {"cut": (cut, False), "malformed": (malformed, False), "http": (http, True)}
    print(*(f"{name}=127.0.0.1:{listen(*how)}" for name, how in brokers.items()), flush=True)
    threading.Event().wait()
