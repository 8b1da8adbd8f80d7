// Charts with a row for each thing: connections and batches.
const cut = (text, width) => {
  const characters = Math.max(3, Math.floor(width / 6.4));
  return text.length > characters ? `${text.slice(0, characters - 1)}\u2026` : text;
};

// `rows`: { text, label, title, query, draw(group, axis, y, height) }, those that match the search and are in view.
function drawRows(id, rows, none) {
  const box = document.getElementById(id);
  if (!box) return;
  const width = box.clientWidth, left = narrow() ? 90 : 190, row = 18;
  const axis = box.axis = scale(left, width - left - 4);
  const height = Math.max(1, rows.length) * row + 24;
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": box.parentElement.getAttribute("aria-label") });
  drawing.append(shades(axis, 0, height - 20), timeAxis(axis, 0, height - 20, true));
  if (!rows.length) drawing.append(svg("text", { x: left + 4, y: 14 }, none));
  rows.forEach((each, i) => {
    const y = i * row;
    const group = svg("g", { class: "hit" }, svg("title", {}, each.title));
    group.append(svg("rect", { x: 0, y, width, height: row, fill: "transparent" }));
    group.append(svg("text", { class: "strong", x: 0, y: y + 13 }, cut(each.label, left - 8)));
    each.draw(group, axis, y + 3, row - 6);
    group.addEventListener("click", () => search(each.query));
    drawing.append(group);
  });
  box.replaceChildren(drawing);
}

const clamp = (axis, x) => Math.min(Math.max(x, axis.left), axis.left + axis.width);

function bar(axis, from, to, y, height, kind) {
  const x = clamp(axis, axis.x(from)), end = clamp(axis, axis.x(to));
  return svg("rect", { class: kind, x, y, width: Math.max(2, end - x), height, rx: 1.5 });
}

// A text beside a bar: behind it, or before it where there is no room.
function beside(group, axis, from, to, y, text) {
  const end = clamp(axis, axis.x(to)), start = clamp(axis, axis.x(from)), needed = text.length * 6.2 + 6;
  if (end + needed < axis.left + axis.width) group.append(svg("text", { x: end + 5, y }, text));
  else if (start - needed > axis.left) group.append(svg("text", { x: start - 5, y, "text-anchor": "end" }, text));
  else group.append(svg("text", { class: "inside", x: Math.max(end - 5, axis.left + needed), y, "text-anchor": "end" }, text));
}

const inView = (from, to) => to >= view.from && from <= view.to;

function drawBands() {
  const rows = data.bands.filter((band) => inView(band.from, band.to)).map((band) => ({
    text: `${band.client} ${band.end} ${band.broker} ${band.cause} ${band.because}`.toLowerCase(),
    label: `${band.client || "(no client id)"} ${band.end.replace(/.*:/, ":")}`,
    title: `${band.end} -> ${band.broker}\n${band.client}\n${numberOf(band.requests, "request")}\n${band.cause}: ${band.because}`,
    query: `"${band.end} -> ${band.broker}"`,
    draw(group, axis, y, height) {
      group.append(bar(axis, band.from, band.to, y, height, band.quiet ? "quiet" : "bad"));
      if (band.cause !== "client-close" && band.cause !== "still-open") beside(group, axis, band.from, band.to, y + 10, band.cause === "none" ? "no byte carried" : band.cause);
    },
  }));
  drawRows("chart-bands", rows.filter((row) => matches(row.text)), "No connection matches.");
}

const attemptKind = (outcome) => outcome === "NONE" ? "ok" : outcome === "no-response-expected" ? "quiet" : outcome.startsWith("unanswered") || outcome === "answer cut off" ? "warn" : "bad";

function drawStrips() {
  const rows = data.strips.map((strip) => {
    const times = strip.attempts.map(([time, length]) => [time, time + (length || 0)]);
    const from = Math.min(...times.map((each) => each[0])), to = Math.max(...times.map((each) => each[1]));
    const outcomes = strip.attempts.map(([, , outcome, broker]) => `${outcome} by ${broker}`);
    return {
      from, to,
      text: `${strip.name} ${strip.client} ${outcomes.join(" ")} ${strip.end} ${strip.twice ? "maybe twice" : ""}`.toLowerCase(),
      label: `${strip.name} ${strip.client}`,
      title: `${strip.name}, ${strip.client}\n${outcomes.join("\n")}\nin the end: ${strip.end}${strip.twice ? "\nmaybe twice in the log" : ""}`,
      query: `${strip.name.replace(/-\d+$/, "")} ${strip.client}`,
      draw(group, axis, y, height) {
        for (const [time, length, outcome] of strip.attempts) {
          if (!inView(time, time + (length || 0))) continue;
          const rect = bar(axis, time, time + (length || 0), y, height, attemptKind(outcome));
          if (length === null) rect.setAttribute("width", 5);
          group.append(rect);
        }
        beside(group, axis, from, to, y + 10, strip.end === "acked" ? numberOf(strip.attempts.length, "attempt") : strip.end);
      },
    };
  });
  drawRows("chart-strips", rows.filter((row) => inView(row.from, row.to) && matches(row.text)), "No batch matches.");
}

function drawStripsKey() {
  const box = document.getElementById("chart-strips");
  if (!box) return;
  const key = html("p", { class: "key" });
  for (const [color, text] of [["okfill", "acknowledged"], ["badfill", "answered with an error"], ["warnfill", "not answered"]]) {
    const swatch = html("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = `var(--${color})`;
    key.append(html("span", {}, swatch, text));
  }
  box.parentElement.before(key);
}

function listenRows() {
  for (const id of ["chart-bands", "chart-strips"]) {
    const box = document.getElementById(id);
    if (box) selectable(box, () => box.axis);
  }
}
