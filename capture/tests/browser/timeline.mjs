// The timeline of reports, without a browser: what its columns are made of.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import vm from "node:vm";

const source = readFileSync(join(import.meta.dirname, "../../src/report/page/timeline.js"), "utf8");

// The columns of one API with these buckets: number, requests, errors, longest latency, steps and counts of latencies.
function columns(buckets) {
  const context = vm.createContext({ view: { from: 0, to: 100, api: null }, data: { timeline: { start: 0, width: 100, apis: [{ buckets }] } }, narrow: () => false });
  vm.runInContext(`${source}; columns = columnsOf({ width: 700 })`, context);
  return context.columns;
}

test("percentiles are of the responses whose latency is known", () => {
  // A hundred latencies: one of 1 us, the others of 7 us. The other responses of the capture have none.
  const [column] = columns([[0, 100, 0, 7, [1, 1, 7, 99]]]);
  assert.equal(column.measured, 100);
  assert.equal(column.p50, 7);
  assert.equal(column.p99, 7);
});

test("a column without a known latency has no percentiles", () => {
  const [column] = columns([[0, 5, 1, 0, []]]);
  assert.deepEqual([column.measured, column.p50, column.failed], [0, undefined, 1]);
});
