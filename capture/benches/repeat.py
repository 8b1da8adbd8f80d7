#!/usr/bin/env python3
"""Repeats a pcap file (Ethernet, IPv4, TCP) until it has so many bytes: each time later, from other client ports.

    repeat.py CAPTURE BYTES BROKER_PORT > repeated.pcap

So one has a long capture of real traffic, in which every connection is a new one. Checksums are not made anew.
"""
import struct
import sys


def main():
    path, wanted, broker_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    data = open(path, "rb").read()
    magic = struct.unpack("<I", data[:4])[0]
    ticks = {0xA1B2C3D4: 1_000_000, 0xA1B23C4D: 1_000_000_000}.get(magic)
    if ticks is None or struct.unpack("<I", data[20:24])[0] != 1:
        sys.exit("repeat.py: needs a little-endian pcap file with Ethernet frames")
    packets, at = [], 24
    while at < len(data):
        seconds, fraction, length, original = struct.unpack("<IIII", data[at : at + 16])
        packets.append((seconds * ticks + fraction, original, data[at + 16 : at + 16 + length]))
        at += 16 + length
    ports = sorted({port for _, _, packet in packets for port in ends(packet)} - {broker_port})
    number = {port: i for i, port in enumerate(ports)}
    duration = packets[-1][0] - packets[0][0] + ticks

    out, written, turn = sys.stdout.buffer, 24, 0
    out.write(data[:24])
    while written < wanted:
        part = bytearray()
        for time, original, packet in packets:
            time += turn * duration
            packet = bytearray(packet)
            tcp = 14 + (packet[14] & 15) * 4
            for place, port in zip((tcp, tcp + 2), ends(packet)):
                if port != broker_port:
                    shifted = 1024 + (number[port] + turn * len(ports)) % 28000
                    packet[place : place + 2] = struct.pack(">H", shifted)
            part += struct.pack("<IIII", time // ticks, time % ticks, len(packet), original) + packet
        out.write(part)
        written += len(part)
        turn += 1


def ends(packet):
    tcp = 14 + (packet[14] & 15) * 4
    return struct.unpack(">HH", packet[tcp : tcp + 4])


main()
