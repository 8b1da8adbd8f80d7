-- Questions about captured traffic, over the NDJSON of `kafka-capture decode`.
-- Each is preceded by its name; the table `events` has a row for each line.

-- by_api
SELECT api, count(*) FILTER (kind = 'request') AS requests,
       count(*) FILTER (kind = 'response') AS responses,
       sum(bytes) FILTER (kind = 'request') AS request_bytes,
       sum(bytes) FILTER (kind = 'response') AS response_bytes,
       min(latencyUs) AS min_us, quantile_disc(latencyUs, 0.5) AS p50_us,
       quantile_disc(latencyUs, 0.99) AS p99_us, max(latencyUs) AS max_us
FROM events WHERE kind IN ('request', 'response') GROUP BY api ORDER BY requests DESC, api;

-- by_client
SELECT nullif(clientId, '') AS client_id, count(*) FILTER (kind = 'request') AS requests,
       count(*) FILTER (kind = 'response') AS responses,
       quantile_disc(latencyUs, 0.99) AS p99_us
FROM events WHERE kind IN ('request', 'response') GROUP BY 1 ORDER BY requests DESC, client_id;

-- slowest_by_client_and_api
SELECT nullif(clientId, '') AS client_id, api, count(latencyUs) AS responses,
       quantile_disc(latencyUs, 0.99) AS p99_us
FROM events WHERE kind = 'response' GROUP BY 1, 2 ORDER BY p99_us DESC LIMIT 20;

-- not_decoded
SELECT kind, reason, count(*) AS lines
FROM events WHERE kind NOT IN ('request', 'response') GROUP BY 1, 2 ORDER BY lines DESC;
