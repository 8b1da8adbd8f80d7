// The search box, the zoom, the theme, and the way from findings to their evidence.
const input = document.getElementById("search");

function redraw() {
  drawLegend();
  drawTimeline();
  drawBands();
  drawStrips();
  drawLag();
  const step = view.to - view.from < 2e7 ? 1e3 : 1e6;
  const span = narrow() ? "" : `, ${duration(view.to - view.from)}`;
  document.getElementById("range").textContent = `${clock(view.from, step)} to ${clock(view.to, step)}${span}`;
}

// Words, and phrases in quotes: all have to be there.
function wordsOf(text) {
  const words = [];
  for (const [, phrase, word] of text.toLowerCase().matchAll(/"([^"]*)"|([^\s"]+)/g)) if (phrase || word) words.push(phrase || word);
  return words;
}

function filter() {
  view.words = wordsOf(input.value);
  const { found, of } = filterTables();
  document.getElementById("matches").textContent = view.words.length ? `${found} of ${numberOf(of, "row")}` : "";
  document.getElementById("clear").hidden = !view.words.length;
  redraw();
}

function search(text) {
  input.value = text;
  filter();
}

function listenControls() {
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") search("");
  });
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !isTyping) {
      event.preventDefault();
      input.focus();
    }
  });
  const click = (id, action) => document.getElementById(id).addEventListener("click", action);
  click("clear", () => {
    search("");
    input.focus();
  });
  click("zoom-in", () => zoomBy(.5));
  click("zoom-out", () => zoomBy(2));
  click("zoom-all", () => zoom(all.from, all.to));
}

function listenEvidence() {
  for (const link of document.querySelectorAll("a.evidence")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const { query, from, to } = link.dataset;
      if (from !== undefined) {
        const [begin, end] = [Number(from) - data.start, Number(to) - data.start];
        const room = Math.max(2e5, (end - begin) * .15);
        [view.from, view.to] = [Math.max(all.from, begin - room), Math.min(all.to, end + room)];
      } else {
        [view.from, view.to] = [all.from, all.to];
      }
      search(query);
      const target = document.querySelector(link.getAttribute("href"));
      target.scrollIntoView();
      target.focus({ preventScroll: true });
      history.replaceState(null, "", link.getAttribute("href"));
    });
  }
}

// Light, dark, or as the system says.
function listenTheme() {
  const button = document.getElementById("theme"), root = document.documentElement;
  const store = (theme) => {
    // Where files may not keep anything, the choice lasts as long as the page.
    try { localStorage.setItem("theme", theme); } catch { /* as said */ }
  };
  const show = (theme) => {
    if (theme === "auto") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
    button.textContent = { auto: "Theme: auto", light: "Theme: light", dark: "Theme: dark" }[theme];
  };
  let theme = "auto";
  try { theme = localStorage.getItem("theme") || "auto"; } catch { /* as said */ }
  if (!["auto", "light", "dark"].includes(theme)) theme = "auto";
  show(theme);
  button.addEventListener("click", () => {
    theme = { auto: "light", light: "dark", dark: "auto" }[theme];
    store(theme);
    show(theme);
  });
}

listenTimeline();
listenRows();
listenTables();
listenControls();
listenEvidence();
listenTheme();
drawStripsKey();
redraw();
let resized = 0;
window.addEventListener("resize", () => {
  cancelAnimationFrame(resized);
  resized = requestAnimationFrame(redraw);
});
