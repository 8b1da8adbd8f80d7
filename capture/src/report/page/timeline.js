// Requests, latency and errors over time.
const timeline = { axis: null, columns: [], cursor: null };
const apiColor = (i) => `c${Math.min(i, 7)}`;

// The least value of a step of a sketch, and the middle of it.
const least = (step) => step < 8 ? step : (8 + step % 8) * 2 ** (Math.floor(step / 8) - 1);
const middle = (step) => step < 8 ? step : (least(step) + least(step + 1)) / 2;

function percentile(steps, count, share) {
  let seen = 0;
  for (const step of [...steps.keys()].sort((a, b) => a - b)) {
    seen += steps.get(step);
    if (seen >= Math.ceil(count * share)) return middle(step);
  }
  return 0;
}

// The buckets in view, several to a column where they would be too narrow.
function columnsOf(axis) {
  const { start, width, apis } = data.timeline;
  const first = Math.floor((view.from - start) / width), last = Math.floor((view.to - start) / width);
  const wanted = Math.max(1, Math.floor(axis.width / (narrow() ? 5 : 7)));
  const group = Math.max(1, Math.ceil((last - first + 1) / wanted));
  const begin = Math.floor(first / group) * group;
  const columns = [];
  for (let number = begin; number <= last; number += group) {
    columns.push({
      from: start + number * width, to: start + (number + group) * width,
      requests: apis.map(() => 0), errors: apis.map(() => 0), measured: 0, max: 0, steps: new Map(), failed: 0,
    });
  }
  apis.forEach((api, i) => {
    const chosen = view.api === null || view.api === i;
    for (const [number, requests, errors, max, steps] of api.buckets) {
      if (number < begin || number > last) continue;
      const column = columns[Math.floor((number - begin) / group)];
      column.requests[i] += requests;
      if (!chosen) continue;
      column.errors[i] += errors;
      column.failed += errors;
      column.max = Math.max(column.max, max);
      // Responses to requests that are not in the capture have no latency.
      for (let at = 0; at < steps.length; at += 2) {
        column.measured += steps[at + 1];
        column.steps.set(steps[at], (column.steps.get(steps[at]) || 0) + steps[at + 1]);
      }
    }
  });
  for (const column of columns) {
    column.total = view.api === null ? column.requests.reduce((a, b) => a + b, 0) : column.requests[view.api];
    column.rate = column.total / ((column.to - column.from) / 1e6);
    if (column.measured) {
      column.p50 = Math.min(percentile(column.steps, column.measured, .5), column.max);
      column.p99 = Math.min(percentile(column.steps, column.measured, .99), column.max);
    }
  }
  return columns;
}

const rateText = (rate) => rate >= 1e4 ? `${Math.round(rate / 1e3)}k` : rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1).replace(".0", "");

function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value) || value;
}

function drawTimeline() {
  const box = document.getElementById("chart-timeline");
  const width = box.clientWidth, left = narrow() ? 52 : 64;
  const axis = timeline.axis = scale(left, width - left - 4);
  const columns = timeline.columns = columnsOf(axis);
  const panels = [{ top: 16, height: 120 }, { top: 168, height: 130 }, { top: 330, height: 56 }];
  const height = 404;
  const label = `From ${clock(view.from, 1e6)} to ${clock(view.to, 1e6)}: requests a second, latency and responses with errors`;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label });
  for (const [i, panel] of panels.entries()) {
    drawing.append(shades(axis, panel.top, panel.top + panel.height), timeAxis(axis, panel.top, panel.top + panel.height, i === 2));
    drawing.append(svg("path", { class: "axis", d: `M${axis.left} ${panel.top + panel.height}h${axis.width}` }));
  }
  const place = (column) => {
    const from = Math.max(axis.x(column.from), axis.left), to = Math.min(axis.x(column.to), axis.left + axis.width);
    return { x: from, w: Math.max(.5, to - from - 1) };
  };
  drawRates(drawing, panels[0], columns, place);
  drawLatencies(drawing, panels[1], columns, place);
  drawErrors(drawing, panels[2], columns, place);
  box.replaceChildren(drawing);
  drawCursor();
}

function heading(drawing, panel, text, ...marks) {
  const element = svg("text", { class: "strong", x: timeline.axis.left, y: panel.top - 5 }, text);
  for (const [mark, color] of marks) element.append(svg("tspan", { class: `fill ${color}`, dx: 8 }, "\u25A0 "), svg("tspan", {}, mark));
  drawing.append(element);
}

function yLabel(drawing, y, text) {
  drawing.append(svg("text", { x: timeline.axis.left - 6, y: y + 4, "text-anchor": "end" }, text));
}

function drawRates(drawing, panel, columns, place) {
  const top = roundUp(Math.max(1e-3, ...columns.map((column) => column.rate)));
  heading(drawing, panel, "requests a second");
  yLabel(drawing, panel.top, rateText(top));
  yLabel(drawing, panel.top + panel.height, "0");
  for (const column of columns) {
    const { x, w } = place(column);
    const seconds = (column.to - column.from) / 1e6;
    let y = panel.top + panel.height;
    column.requests.forEach((requests, i) => {
      if (!requests || (view.api !== null && view.api !== i)) return;
      const h = requests / seconds / top * panel.height;
      y -= h;
      drawing.append(svg("rect", { class: `fill ${apiColor(i)}`, x, y, width: w, height: h }));
    });
  }
}

function drawLatencies(drawing, panel, columns, place) {
  const seen = columns.filter((column) => column.measured);
  heading(drawing, panel, "latency", ["p50 to p99", "c0"], ["max", "c1"]);
  if (!seen.length) return;
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...seen.map((column) => column.p50)))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(10, ...seen.map((column) => column.max)))));
  const y = (value) => panel.top + panel.height - (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) * panel.height;
  for (let power = low; power <= high; power += 1) {
    yLabel(drawing, y(10 ** power), duration(10 ** power).replace(".0", ""));
    drawing.append(svg("path", { class: "axis", d: `M${timeline.axis.left} ${y(10 ** power)}h${timeline.axis.width}` }));
  }
  for (const column of seen) {
    const { x, w } = place(column);
    const from = y(column.p99), to = y(column.p50);
    drawing.append(svg("rect", { class: "fill c0", x, y: from, width: w, height: Math.max(2, to - from) }));
    drawing.append(svg("rect", { class: "fill c1", x, y: y(column.max) - 1, width: w, height: 2 }));
  }
}

function drawErrors(drawing, panel, columns, place) {
  const top = Math.max(1, ...columns.map((column) => column.failed));
  heading(drawing, panel, "responses with errors");
  yLabel(drawing, panel.top, String(top));
  yLabel(drawing, panel.top + panel.height, "0");
  for (const column of columns) {
    const { x, w } = place(column);
    const h = column.failed / top * panel.height;
    if (h) drawing.append(svg("rect", { class: "bad", x, y: panel.top + panel.height - h, width: w, height: h }));
  }
}

function drawLegend() {
  const legend = document.getElementById("legend");
  const button = (text, api, color) => {
    const element = html("button", { type: "button", "aria-pressed": String(view.api === api) });
    if (color) element.append(html("span", { class: `swatch ${color}`, "aria-hidden": "true" }));
    element.append(text);
    element.addEventListener("click", () => {
      view.api = view.api === api ? null : api;
      redraw();
      [...legend.children].find((each) => each.dataset.api === String(api)).focus();
    });
    element.dataset.api = String(api);
    return element;
  };
  const apis = data.timeline.apis.map((api, i) => button(`${api.name} ${api.requests}`, i, apiColor(i)));
  legend.replaceChildren(button("All APIs", null), ...apis);
}

function drawCursor() {
  const drawing = document.querySelector("#chart-timeline svg");
  const readout = document.getElementById("readout");
  drawing.querySelectorAll(".cursor").forEach((line) => line.remove());
  const column = timeline.columns[timeline.cursor];
  if (!column) {
    readout.textContent = "";
    return;
  }
  const x = Math.max(timeline.axis.left, timeline.axis.x((column.from + column.to) / 2));
  drawing.append(svg("path", { class: "cursor", d: `M${x} 16V386` }));
  const api = view.api === null ? "all APIs" : data.timeline.apis[view.api].name;
  const latency = column.measured ? `p50 ${duration(column.p50)}, p99 ${duration(column.p99)}, max ${duration(column.max)}` : "no latency known";
  readout.textContent = `${clock(column.from, column.to - column.from)}, ${api}: ${rateText(column.rate)} requests/s, ${latency}, ${column.failed} with errors`;
}

function listenTimeline() {
  const box = document.getElementById("chart-timeline");
  selectable(box, () => timeline.axis);
  box.addEventListener("pointermove", (event) => {
    const time = timeline.axis.time(event.clientX - box.getBoundingClientRect().left);
    const at = timeline.columns.findIndex((column) => column.from <= time && time < column.to);
    if (at !== timeline.cursor) {
      timeline.cursor = at;
      drawCursor();
    }
  });
  box.addEventListener("keydown", (event) => {
    const last = timeline.columns.length - 1;
    const at = timeline.cursor === null ? -1 : timeline.cursor;
    const center = timeline.columns[at] ? timeline.columns[at].from : undefined;
    const keys = {
      ArrowRight: () => event.shiftKey ? pan(.25) : (timeline.cursor = Math.min(last, at + 1)),
      ArrowLeft: () => event.shiftKey ? pan(-.25) : (timeline.cursor = at < 0 ? last : Math.max(0, at - 1)),
      Home: () => timeline.cursor = 0,
      End: () => timeline.cursor = last,
      "+": () => zoomBy(.5, center), "=": () => zoomBy(.5, center),
      "-": () => zoomBy(2, center), "0": () => zoom(all.from, all.to), Escape: () => zoom(all.from, all.to),
    };
    const action = event.ctrlKey || event.metaKey || event.altKey ? null : keys[event.key];
    if (!action) return;
    event.preventDefault();
    action();
    drawCursor();
  });
}
