"""Reads the headers of recorded frames, on its own and without decoding a body: writes expected.tsv and the README's table.

usage: headers.py KAFKA_CLIENTS_JAR FOLDER   where FOLDER has the .frames files and README.md
"""

import collections
import pathlib
import re
import struct
import sys
import zipfile

COLUMNS = "file frame connection direction api_key api version correlation_id client_id paired_frame".split()
NOTE = """\
# What the headers of the recorded frames say, read by recipe/headers.py and not by the code under test.
# `frame` counts the frames of a file from 1. A response has the key and version of its request. `paired_frame` is the response of
# a request (`none` if it has none) or the request of a response. `client_id` is `-` on responses; a null one is `null`.
"""
PRODUCE, CONTROLLED_SHUTDOWN = 0, 7


def api_names(jar):
    """Key to name, from the definitions that Kafka's own client ships."""
    names = {}
    with zipfile.ZipFile(jar) as archive:
        for entry in archive.namelist():
            if re.fullmatch(r"common/message/\w+Request\.json", entry):
                text = re.sub(r"^\s*//.*$", "", archive.read(entry).decode(), flags=re.M)
                key = re.search(r'"apiKey":\s*(\d+)', text)
                names[int(key[1])] = entry.split("/")[-1].removesuffix("Request.json")
    return names


def request_header(frame):
    """Key, version, correlation id, client id and what follows. The client id is an int16-length string in header v1 and in v2."""
    key, version, correlation = struct.unpack_from(">hhi", frame, 4)
    if (key, version) == (CONTROLLED_SHUTDOWN, 0):  # header v0
        return key, version, correlation, None, frame[12:]
    (length,) = struct.unpack_from(">h", frame, 12)
    client = None if length < 0 else frame[14 : 14 + length].decode()
    return key, version, correlation, client, frame[14 + max(length, 0) :]


def unsigned_varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not data[at - 1] & 0x80:
            return value, at


def expects_response(key, version, rest):
    """Only Produce with acks=0 gets none; acks follows the nullable transactional id, which is there from version 3."""
    if key != PRODUCE:
        return True
    at = 0
    if version >= 9:  # header v2: a tag section, then a compact string
        tags, at = unsigned_varint(rest, at)
        if tags:
            raise ValueError("Produce request with tags in its header: not understood")
        length, at = unsigned_varint(rest, at)
        at += max(length - 1, 0)
    elif version >= 3:
        (length,) = struct.unpack_from(">h", rest, at)
        at += 2 + max(length, 0)
    return struct.unpack_from(">h", rest, at) != (0,)


def rows(path, names):
    """One list a frame, in the order of COLUMNS."""
    found, waiting = [], collections.defaultdict(collections.deque)
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            continue
        connection, direction, _, text = line.split(" ")
        frame, number = bytes.fromhex(text), len(found) + 1
        if struct.unpack_from(">i", frame) != (len(frame) - 4,):
            raise ValueError(f"{path.name}, frame {number}: the length prefix is wrong")
        if direction == ">":
            key, version, correlation, client, rest = request_header(frame)
            row = [path.name, number, connection, direction, key, names[key], version, correlation]
            row += ["null" if client is None else client, "none"]
            if expects_response(key, version, rest):
                waiting[connection].append(row)
        else:
            (correlation,) = struct.unpack_from(">i", frame, 4)
            request = waiting[connection].popleft()
            if request[7] != correlation:
                raise ValueError(f"{path.name}, frame {number}: answers {correlation}, but {request[7]} is next")
            request[9] = number
            row = [path.name, number, connection, direction, *request[4:8], "-", request[1]]
        found.append(row)
    return found


def counts(files):
    """A Markdown table: an API a line, and for each file the requests by version."""
    table = collections.defaultdict(lambda: collections.defaultdict(collections.Counter))
    for name, found in files.items():
        for row in found:
            if row[3] == ">":
                table[row[4], row[5]][name][row[6]] += 1
    lines = ["| key | API | " + " | ".join(f"`{name}`" for name in files) + " |", "|---:|---|" + "---|" * len(files)]
    for (key, api), by_file in sorted(table.items()):
        cells = (", ".join(f"v{v} x {n}" for v, n in sorted(by_file[name].items())) for name in files)
        lines.append(f"| {key} | {api} | " + " | ".join(cells) + " |")
    for label, wanted in (("requests", lambda row: row[3] == ">"), ("responses", lambda row: row[3] == "<"),
                          ("unanswered requests", lambda row: row[9] == "none")):
        lines.append(f"| | *{label}* | " + " | ".join(str(sum(map(wanted, found))) for found in files.values()) + " |")
    versions = {(row[4], row[6]) for found in files.values() for row in found}
    lines += ["", f"{len(table)} APIs, {len(versions)} pairs of API and version."]
    return "\n".join(lines)


def main(jar, folder):
    names, folder = api_names(jar), pathlib.Path(folder)
    files = {path.name: rows(path, names) for path in sorted(folder.glob("*.frames"))}
    lines = ["\t".join(map(str, row)) for found in files.values() for row in found]
    (folder / "expected.tsv").write_text(NOTE + "\t".join(COLUMNS) + "\n" + "\n".join(lines) + "\n", encoding="utf-8")

    readme = folder / "README.md"
    marks = re.compile(r"(<!-- counts -->\n).*(<!-- end of counts -->)", re.S)
    text, changed = marks.subn(lambda m: m[1] + counts(files) + "\n" + m[2], readme.read_text(encoding="utf-8"))
    if changed != 1:
        raise ValueError("README.md: no place for the table of counts")
    readme.write_text(text, encoding="utf-8")
    for name, found in files.items():
        print(f"{name}: {len(found)} frames, {(folder / name).stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
