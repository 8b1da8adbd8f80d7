#!/usr/bin/env python3
"""Writes a pcap file of 150,000 packets with 100,000 messages, in versions that tshark 4.0 knows.

    generate.py > generated.pcap

Twenty clients of one broker on port 9092 write by Produce v7 and read by Fetch v11, one batch of ten records of 200
bytes each time, in segments of 1448 bytes.
"""
import struct
import sys

PAIRS, CLIENTS, PORT, MSS = 50_000, 20, 9092, 1448


def string(text):
    return struct.pack(">h", len(text)) + text


def varint(value):
    value, out = value << 1 ^ value >> 31, bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def batch(offset):
    records = b""
    for i in range(10):
        body = b"\0" + varint(0) + varint(i) + varint(-1) + varint(200) + b"%0200d" % (offset + i) + varint(0)
        records += varint(len(body)) + body
    # From the attributes on, which is what the checksum is of.
    rest = struct.pack(">hiqqqhii", 0, 9, 1_700_000_000_000, 1_700_000_000_000, -1, -1, -1, 10) + records
    head = struct.pack(">ibI", 0, 2, crc32c(rest))
    return struct.pack(">qi", offset, len(head) + len(rest)) + head + rest


TABLE = []
for byte in range(256):
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    TABLE.append(byte)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def frame(body):
    return struct.pack(">i", len(body)) + body


def main():
    out = sys.stdout.buffer
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
    sequence, time = {}, 1_700_000_000_000_000

    def packet(client, to_broker, flags, payload=b""):
        nonlocal time
        time += 3
        mine, theirs = (client, to_broker), (client, not to_broker)
        ports = (40_000 + client, PORT) if to_broker else (PORT, 40_000 + client)
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence.get(mine, 1000), sequence.get(theirs, 1000), 0x50, flags, 65535, 0, 0)
        ends = (b"\x0a\0\0\1", b"\x0a\0\0\2") if to_broker else (b"\x0a\0\0\2", b"\x0a\0\0\1")
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0) + b"".join(ends)
        length = len(ip) + len(tcp) + len(payload)
        out.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, length, length) + ip + tcp + payload)
        sequence[mine] = sequence.get(mine, 1000) + len(payload) + (flags & 3 > 0)

    def send(client, to_broker, data):
        for at in range(0, len(data), MSS):
            packet(client, to_broker, 0x18, data[at : at + MSS])

    for client in range(CLIENTS):
        for to_broker, flags in ((True, 2), (False, 18), (True, 16)):
            packet(client, to_broker, flags)
    # Few batches are different, since making them takes long here.
    batches = [batch(10 * i) for i in range(50)]
    for i in range(PAIRS):
        client, records = i % CLIENTS, batches[i % len(batches)]
        name, topic = b"client-%d" % client, string(b"topic-%d" % (i % 7))
        header = lambda key, version: struct.pack(">hhi", key, version, i) + string(name)
        if i // CLIENTS % 2:
            asked = header(0, 7) + struct.pack(">hhii", -1, -1, 30_000, 1) + topic
            asked += struct.pack(">iii", 1, 0, len(records)) + records
            answer = struct.pack(">ii", i, 1) + topic + struct.pack(">iihqqqi", 1, 0, 0, 10 * i, -1, 0, 0)
        else:
            asked = header(1, 11) + struct.pack(">iiiibiii", -1, 500, 1, 1 << 20, 0, 0, -1, 1) + topic
            asked += struct.pack(">iiiqqi", 1, 0, -1, 10 * i, -1, 1 << 20) + struct.pack(">i", 0) + string(b"")
            answer = struct.pack(">iihii", i, 0, 0, 0, 1) + topic
            answer += struct.pack(">iihqqqiii", 1, 0, 0, 10 * i + 10, 10 * i + 10, 0, 0, -1, len(records)) + records
        send(client, True, frame(asked))
        time += 200 + i % 1000
        send(client, False, frame(answer))


main()
