"""Sends generated requests to a broker: see run."""

import collections
import random
import re
import socket
import subprocess
import sys
import time

command, port, broker, count, seed = sys.argv[1], *map(int, sys.argv[2:])
PATIENCE = 0.4  # seconds that an answer may take; many requests ask the broker to wait


def memory():
    """The resident memory of the broker in MiB."""
    with open(f"/proc/{broker}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) // 1024


def receive(peer, size):
    data = b""
    while len(data) < size:
        piece = peer.recv(size - len(data))
        if not piece:
            return None
        data += piece
    return data


def answer(frame, patience=PATIENCE):
    """What the broker does with a frame: answered, answered with another id, closed, or silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
        try:
            peer.sendall(frame)
            # The size in front may claim more than was sent: then this is all there is.
            peer.shutdown(socket.SHUT_WR)
            peer.settimeout(patience)
            size = receive(peer, 4)
            if size is None:
                return "closed"
            body = receive(peer, int.from_bytes(size, "big"))
            if body is None:
                return "closed in a response"
            return "answered" if body[:4] == frame[8:12] else "answered with another id"
        except (ConnectionError, BrokenPipeError):
            return "closed"
        except socket.timeout:
            return "silent"


# ApiVersions v0, correlation id 7, client id null.
PROBE = bytes.fromhex("0000000a 0012 0000 00000007 ffff")


def lines(arguments, text=None):
    done = subprocess.run([command, *arguments], input=text, capture_output=True, check=True)
    return [bytes.fromhex(line) for line in done.stdout.decode().split()]


chance = random.Random(seed)
valid = lines(["generate", "--request", "--frame", "--count", str(count // 4), "--seed", str(seed), "--format", "hex"])
malformed = lines(["generate", "--request", "--frame", "--malformed", "--count", str(count // 2), "--seed", str(seed), "--format", "hex"])
frames = valid + malformed
for frame in chance.sample(valid, min(len(valid), max(1, count // 40))):
    frames += lines(["mutate", "request size-header", "--count", "10", "--seed", str(chance.getrandbits(32)), "--format", "hex"], frame)
chance.shuffle(frames)

fates = collections.Counter()
slowest, highest, first = 0.0, 0, None
started = time.monotonic()
for index, frame in enumerate(frames):
    fates[answer(frame)] += 1
    if index % 200 == 199 or index == len(frames) - 1:
        before = time.monotonic()
        fate = answer(PROBE, 60)
        slowest = max(slowest, time.monotonic() - before)
        now = memory()
        first = first or now
        highest = max(highest, now)
        if fate != "answered":
            sys.exit(f"the broker does not answer after request {index}, {fate}: {frame.hex()}")
print(f"{len(frames)} requests in {time.monotonic() - started:.0f} s: " + ", ".join(f"{count} {fate}" for fate, count in fates.most_common()))
print(f"slowest probe {slowest:.2f} s; memory {first} MiB after 200 requests, at most {highest} MiB")
