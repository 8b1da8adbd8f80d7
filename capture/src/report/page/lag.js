// Lag of groups over time, with their rebalances.
function drawLag() {
  const box = document.getElementById("chart-lag");
  if (!box) return;
  const charts = data.groups.map((group) => groupChart(group)).filter((chart) => chart);
  box.replaceChildren(...charts);
  for (const chart of charts) chart.draw();
}

function groupChart(group) {
  const curves = group.curves.map((curve, i) => ({ ...curve, color: `c${i % 8}` }));
  const ofGroup = matches(`${group.name} ${group.rebalances.map((each) => each[3]).join(" ")}`.toLowerCase());
  const shown = ofGroup ? curves : curves.filter((curve) => matches(`${group.name} ${curve.name}`.toLowerCase()));
  if (!shown.length && !ofGroup) return null;
  const box = html("div", { class: "chart" });
  const key = html("p", { class: "key" });
  for (const curve of shown) key.append(html("span", {}, html("span", { class: `swatch ${curve.color}`, "aria-hidden": "true" }), curve.name));
  if (group.curvesLeftOut) key.append(html("span", {}, `and ${numberOf(group.curvesLeftOut, "partition")} with less lag, not drawn`));
  const chart = html("section", {}, html("h3", {}, `Group ${group.name}`), box, key);
  chart.draw = () => drawGroup(box, group, shown);
  selectable(box, () => box.axis);
  return chart;
}

function drawGroup(box, group, curves) {
  const width = box.clientWidth, left = narrow() ? 44 : 64, top = 8, bottom = 140;
  const axis = box.axis = scale(left, width - left - 4);
  const drawing = svg("svg", { viewBox: `0 0 ${width} 158`, height: 158, role: "img", "aria-label": `Lag of group ${group.name} over time` });
  // The value that holds at the beginning of the view, then those within it.
  const within = (points) => {
    const before = points.filter(([time]) => time <= view.from).slice(-1).map(([, lag]) => [view.from, lag]);
    return before.concat(points.filter(([time]) => time > view.from && time <= view.to));
  };
  const seen = curves.map((curve) => within(curve.points));
  const most = roundUp(Math.max(1, ...seen.flat().map(([, lag]) => lag)));
  const y = (lag) => bottom - lag / most * (bottom - top);
  drawing.append(shades(axis, top, bottom), timeAxis(axis, top, bottom, true));
  for (const [value, place] of [[most, top], [0, bottom]]) {
    drawing.append(svg("path", { class: "axis", d: `M${left} ${place}h${axis.width}` }));
    drawing.append(svg("text", { x: left - 6, y: place + 4, "text-anchor": "end" }, String(value)));
  }
  let labeled = 0;
  for (const [from, to, generation, reasons] of group.rebalances) {
    if (!inView(from, to)) continue;
    const x = clamp(axis, axis.x(from));
    const title = `generation ${generation}: ${reasons}, ${duration(to - from)}`;
    drawing.append(svg("rect", { class: "rebalance warn", opacity: .35, x, y: top, width: Math.max(3, clamp(axis, axis.x(to)) - x), height: bottom - top }, svg("title", {}, title)));
    // A label that would be over the one before stays in the title.
    if (x < labeled) continue;
    const label = cut(reasons, axis.left + axis.width - x - 8);
    labeled = x + 10 + label.length * 6.2;
    drawing.append(svg("text", { x: x + 5, y: top + 10 }, label));
  }
  curves.forEach((curve, i) => {
    const points = seen[i];
    if (!points.length) return;
    let path = `M${axis.x(points[0][0])} ${y(points[0][1])}`;
    for (const [time, lag] of points.slice(1)) path += `H${axis.x(time)}V${y(lag)}`;
    path += `H${axis.x(view.to)}`;
    drawing.append(svg("path", { class: `stroke ${curve.color}`, d: path }, svg("title", {}, curve.name)));
  });
  box.replaceChildren(drawing);
}
