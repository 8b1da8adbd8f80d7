#!/usr/bin/env python3
"""Runs queries.sql by DuckDB over NDJSON files of `kafka-capture decode` (glob patterns allowed).

With --check SUMMARY.json the counts, bytes and percentiles by API are compared with the document of
`kafka-capture summary --format json` about the same captures.
"""

import argparse
import json
import pathlib
import sys

import duckdb

COLUMNS = {
    "ts": "VARCHAR",
    "conn": "VARCHAR",
    "kind": "VARCHAR",
    "apiKey": "SMALLINT",
    "api": "VARCHAR",
    "version": "SMALLINT",
    "correlationId": "INTEGER",
    "clientId": "VARCHAR",
    "bytes": "BIGINT",
    "latencyUs": "BIGINT",
    "reason": "VARCHAR",
}


def queries():
    text = pathlib.Path(__file__).with_name("queries.sql").read_text()
    for part in text.split("\n-- ")[1:]:
        name, _, sql = part.partition("\n")
        if sql.strip().endswith(";"):
            yield name.strip(), sql


def check(rows, summary):
    by_api = {entry["api"]: entry for entry in summary["byApi"]}
    if {row[0] for row in rows} != set(by_api):
        sys.exit("the APIs differ")
    for api, *values in rows:
        entry = by_api[api]
        latency = entry["latencyUs"]
        expected = [
            entry["requests"],
            entry["responses"],
            entry["requestBytes"],
            entry["responseBytes"] or None,
            latency["min"],
            latency["p50"],
            latency["p99"],
            latency["max"],
        ]
        for ours, theirs in zip(expected, values):
            is_near = ours == theirs or (ours and theirs and abs(ours - theirs) <= 0.002 * theirs)
            if not is_near:
                sys.exit(f"{api}: summary has {expected}, SQL has {values}")
    print(f"{len(rows)} APIs agree with the summary")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--check", metavar="SUMMARY.json")
    arguments = parser.parse_args()
    connection = duckdb.connect()
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    files = ", ".join("'" + name.replace("'", "''") + "'" for name in arguments.files)
    connection.execute(
        "CREATE VIEW events AS SELECT * FROM read_json("
        f"[{files}], format = 'newline_delimited', columns = {{{columns}}},"
        " maximum_object_size = 268435456)"
    )
    for name, sql in queries():
        result = connection.execute(sql)
        headings = [column[0] for column in result.description]
        rows = result.fetchall()
        print(f"-- {name}\n" + "\t".join(headings))
        for row in rows:
            print("\t".join("" if value is None else str(value) for value in row))
        if name == "by_api" and arguments.check:
            check(rows, json.loads(pathlib.Path(arguments.check).read_text()))


main()
