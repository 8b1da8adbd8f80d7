// What is drawn, what of it is looked at, and how SVG is made.
const data = JSON.parse(document.getElementById("data").textContent);
const all = { from: Math.min(0, data.timeline.start), to: data.end };
const view = { from: all.from, to: all.to, api: null, words: [] };
const narrow = () => window.innerWidth <= 640;

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function html(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const pad = (number, digits) => String(number).padStart(digits, "0");

// A number of things, of which there may be one.
const numberOf = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

// A time of day with as many digits as a step needs.
function clock(time, step) {
  const date = new Date((data.start + time) / 1000);
  const seconds = `${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}`;
  if (step >= 1e6) return seconds;
  const micros = ((data.start + time) % 1e6 + 1e6) % 1e6;
  return `${seconds}.${pad(Math.floor(micros), 6).slice(0, step >= 1e3 ? 3 : 6)}`;
}

function duration(micros) {
  if (micros < 1e3) return `${Math.round(micros)} µs`;
  if (micros < 1e6) return `${(micros / 1e3).toFixed(micros < 1e4 ? 1 : 0)} ms`;
  if (micros < 6e7) return `${(micros / 1e6).toFixed(1)} s`;
  if (micros < 3.6e9) return `${Math.floor(micros / 6e7)} min ${Math.floor(micros / 1e6) % 60} s`;
  return `${Math.floor(micros / 3.6e9)} h ${Math.floor(micros / 6e7) % 60} min`;
}

// Steps of a time axis: round parts of a second, a minute, an hour.
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1.5e7, 3e7, 6e7,
  1.2e8, 3e8, 6e8, 9e8, 1.8e9, 3.6e9, 7.2e9, 1.44e10, 2.16e10, 4.32e10, 8.64e10, 1.728e11, 6.048e11, 2.592e12, 3.15e13, 3.15e14, 3.15e15];

// A place on the time axis, and back.
function scale(left, width) {
  const span = view.to - view.from;
  return {
    left, width,
    x: (time) => left + (time - view.from) / span * width,
    time: (x) => view.from + (x - left) / width * span,
  };
}

function timeAxis(axis, top, bottom, labels) {
  const group = svg("g", {});
  const wanted = (view.to - view.from) / Math.max(2, axis.width / 110);
  const step = STEPS.find((each) => each >= wanted) || STEPS[STEPS.length - 1];
  const first = Math.ceil((data.start + view.from) / step) * step - data.start;
  for (let time = first; time <= view.to; time += step) {
    const x = axis.x(time);
    group.append(svg("path", { class: "axis", d: `M${x} ${top}V${bottom}` }));
    if (labels && x < axis.left + axis.width - (step < 1e6 ? 74 : 50)) group.append(svg("text", { x: x + 3, y: bottom + 13 }, clock(time, step)));
  }
  return group;
}

function shades(axis, top, bottom) {
  const group = svg("g", {});
  for (const stall of data.stalls) {
    const from = Math.max(axis.x(stall.from), axis.left), to = Math.min(axis.x(stall.to), axis.left + axis.width);
    if (to <= from) continue;
    group.append(svg("rect", { class: "shade", x: from, y: top, width: to - from, height: bottom - top },
      svg("title", {}, `${stall.name} does not answer for ${duration(stall.to - stall.from)}`)));
  }
  return group;
}

const matches = (text) => view.words.every((word) => text.includes(word));

function zoom(from, to) {
  const least = 1000;
  if (to - from < least) [from, to] = [(from + to - least) / 2, (from + to + least) / 2];
  view.from = Math.max(all.from, from);
  view.to = Math.min(all.to, to);
  if (view.to - view.from < 1) [view.from, view.to] = [all.from, all.to];
  redraw();
}

function zoomBy(factor, middle) {
  const center = middle === undefined ? (view.from + view.to) / 2 : middle;
  zoom(center - (center - view.from) * factor, center + (view.to - center) * factor);
}

function pan(part) {
  const span = view.to - view.from;
  const by = Math.max(all.from - view.from, Math.min(all.to - view.to, span * part));
  zoom(view.from + by, view.to + by);
}

// Dragging selects the time to look at.
function selectable(element, axisOf) {
  let start = null, box = null;
  const place = (event) => {
    const axis = axisOf();
    const x = event.clientX - element.getBoundingClientRect().left;
    return Math.min(Math.max(x, axis.left), axis.left + axis.width);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !axisOf()) return;
    start = place(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const x = place(event);
    const drawing = element.querySelector("svg");
    if (!box && Math.abs(x - start) > 4) {
      box = svg("rect", { class: "select", y: 0, height: drawing.getBoundingClientRect().height });
      drawing.append(box);
      element.setPointerCapture(event.pointerId);
    }
    if (box) {
      box.setAttribute("x", Math.min(x, start));
      box.setAttribute("width", Math.abs(x - start));
    }
  });
  const end = (event) => {
    const selected = box && event.type === "pointerup";
    if (box) box.remove();
    const axis = axisOf();
    const from = start;
    start = box = null;
    if (selected) {
      const x = place(event);
      zoom(axis.time(Math.min(from, x)), axis.time(Math.max(from, x)));
    }
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("dblclick", () => zoom(all.from, all.to));
}
