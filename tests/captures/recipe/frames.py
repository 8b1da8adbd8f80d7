"""Lists the Kafka frames of a pcap file (Ethernet, IPv4, nothing lost), on its own and without decoding a body.

usage: frames.py KAFKA_CLIENTS_JAR CAPTURE > frames.tsv
"""

import collections
import pathlib
import struct
import sys

sys.path.append(str(pathlib.Path(__file__).parent.parent.parent / "frames" / "recipe"))
from headers import api_names, expects_response, request_header  # noqa: E402

COLUMNS = "connection direction client_port broker_port stream_offset bytes first_packet last_packet first_time_ns last_time_ns whole kind api version correlation_id client_id acks".split()
FIN, SYN, ACK = 1, 2, 16


def segments(path):
    """Number, time in ns, source port, destination port, sequence number, flags and payload of each packet."""
    data = path.read_bytes()
    tick = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[struct.unpack_from("<I", data)[0]]
    at, number = 24, 0
    while at < len(data):
        seconds, fraction, length, original = struct.unpack_from("<IIII", data, at)
        assert length == original, "packets are whole"
        packet, at, number = data[at + 16 : at + 16 + length], at + 16 + length, number + 1
        ip = packet[14:]
        tcp = ip[(ip[0] & 15) * 4 : struct.unpack_from(">H", ip, 2)[0]]
        source, destination, sequence = struct.unpack_from(">HHI", tcp)
        payload = tcp[(tcp[12] >> 4) * 4 :]
        yield number, seconds * 10**9 + fraction * tick, source, destination, sequence, tcp[13], payload


class Direction:
    """The bytes of one direction; as nothing is lost, what is behind was seen already."""

    def __init__(self, first):
        self.first, self.bytes, self.marks = first, b"", []

    def add(self, sequence, payload, number, time):
        behind = len(self.bytes) - ((sequence - self.first) & 0xFFFFFFFF)
        assert behind >= 0, f"packet {number}: something is missing before it"
        if payload[behind:]:
            self.bytes += payload[behind:]
            self.marks.append((len(self.bytes), number, time))

    def mark(self, offset):
        return next((number, time) for end, number, time in self.marks if offset < end)

    def frames(self):
        at = 0
        while at + 4 <= len(self.bytes):
            size = 4 + struct.unpack_from(">i", self.bytes, at)[0]
            yield at, size, self.bytes[at : at + size]
            at += size


def main(jar, capture):
    names, connections, ports = api_names(jar), [], {}
    for number, time, source, destination, sequence, flags, payload in segments(pathlib.Path(capture)):
        if flags & SYN and not flags & ACK:
            ports[source, destination] = connection = {"ends": (source, destination), "up": Direction(sequence + 1)}
            connections.append(connection)
        elif flags & SYN:
            ports[destination, source]["down"] = Direction(sequence + 1)
        elif payload:
            way = "up" if (source, destination) in ports else "down"
            connection = ports[(source, destination) if way == "up" else (destination, source)]
            connection[way].add(sequence, payload, number, time)
    rows = []
    for i, connection in enumerate(connections, 1):
        waiting = collections.deque()
        for way in ("up", "down"):
            for offset, size, frame in connection[way].frames():
                first, last = connection[way].mark(offset), connection[way].mark(offset + len(frame) - 1)
                row = [i, way, *connection["ends"], offset, size, first[0], last[0], first[1], last[1], int(len(frame) == size)]
                if way == "up":
                    key, version, correlation, client, rest = request_header(frame)
                    acks = "-" if key != 0 else "some" if expects_response(key, version, rest) else 0
                    row += ["request", names[key], version, correlation, client, acks]
                    if acks != 0:
                        waiting.append((names[key], version, correlation))
                else:
                    (correlation,) = struct.unpack_from(">i", frame, 4)
                    request = waiting.popleft()
                    assert request[2] == correlation, f"connection {i}: {correlation} where {request} was due"
                    row += ["response", *request, "-", "-"]
                rows.append(row)
    rows.sort(key=lambda row: row[7])
    print("\n".join("\t".join(map(str, row)) for row in [COLUMNS, *rows]))


main(*sys.argv[1:])
