"""TLS 1.2 conversations by OpenSSL, in memory: what both ends send, and the key log.

    openssl.py CERTIFICATE KEY KEYLOG SUITE...

Reads what is said, a line a turn: C or S, a space, the bytes in hexadecimal. Writes for each suite, with the MAC last and first:
a line with its name and which, then a line an exchange in the same form, then the lines of the key log, each after K.
"""

import os
import ssl
import sys

NO_ENCRYPT_THEN_MAC = 1 << 19

certificate, key, log, *suites = sys.argv[1:]
said = [(line[0], bytes.fromhex(line[2:])) for line in sys.stdin.read().splitlines()]


def context(side, suite, is_mac_last):
    made = ssl.SSLContext(side)
    made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.set_ciphers(suite + ":@SECLEVEL=0")
    if not is_mac_last:
        made.options |= NO_ENCRYPT_THEN_MAC
    return made


def talk(suite, is_mac_last):
    server = context(ssl.PROTOCOL_TLS_SERVER, suite, is_mac_last)
    server.load_cert_chain(certificate, key)
    client = context(ssl.PROTOCOL_TLS_CLIENT, suite, is_mac_last)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.keylog_filename = log
    wires = {side: (ssl.MemoryBIO(), ssl.MemoryBIO()) for side in "CS"}
    ends = {
        "C": client.wrap_bio(*wires["C"], server_hostname="localhost"),
        "S": server.wrap_bio(*wires["S"], server_side=True),
    }

    def carry(side):
        sent = wires[side][1].read()
        if sent:
            print(side, sent.hex())
            wires["S" if side == "C" else "C"][0].write(sent)

    done = set()
    while len(done) < 2:
        for side in "CS":
            try:
                ends[side].do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
            carry(side)
    assert ends["C"].cipher()[0] == suite
    for side, plain in said:
        ends[side].write(plain)
        carry(side)
        other = ends["S" if side == "C" else "C"]
        while plain:
            plain = plain[len(other.read(1 << 16)):]


for suite in suites:
    for is_mac_last in (True, False):
        if os.path.exists(log):
            os.remove(log)
        print("T", suite, "last" if is_mac_last else "first")
        talk(suite, is_mac_last)
        for line in open(log):
            if not line.startswith("#"):
                print("K", line.strip())
