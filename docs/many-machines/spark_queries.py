#!/usr/bin/env python3
"""Runs the questions of queries.sql by Spark over NDJSON files of `kafka-capture decode`.

spark-submit spark_queries.py 'hdfs:///captures/*.ndjson.gz'
"""

import pathlib
import sys

from pyspark.sql import SparkSession

SCHEMA = (
    "ts STRING, conn STRING, kind STRING, apiKey SMALLINT, api STRING, version SMALLINT,"
    " correlationId INT, clientId STRING, bytes BIGINT, latencyUs BIGINT, reason STRING"
)


def spark_sql(text):
    """Spark has FILTER (WHERE ..) and percentile_disc in place of DuckDB's shorter forms."""
    text = text.replace("FILTER (kind", "FILTER (WHERE kind")
    while "quantile_disc(" in text:
        before, _, rest = text.partition("quantile_disc(")
        inside, _, after = rest.partition(")")
        column, share = inside.split(", ")
        text = f"{before}percentile_disc({share}) WITHIN GROUP (ORDER BY {column}){after}"
    return text


def main():
    spark = SparkSession.builder.appName("kafka-capture").getOrCreate()
    spark.read.schema(SCHEMA).json(sys.argv[1:]).createOrReplaceTempView("events")
    text = pathlib.Path(__file__).with_name("queries.sql").read_text()
    for part in text.split("\n-- ")[1:]:
        name, _, sql = part.partition("\n")
        if sql.strip().endswith(";"):
            print(f"-- {name}")
            spark.sql(spark_sql(sql.strip().rstrip(";"))).show(100, truncate=False)


main()
