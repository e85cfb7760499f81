// What the panel's pages do in the browser. Everything works without it, only less handily.

const root = document.documentElement;
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

// --- Toasts ---------------------------------------------------------------------------------

function toast(text, bad = false) {
  const box = one("#toasts");
  if (!box) return;
  const item = document.createElement("div");
  item.className = bad ? "ui-toast is-bad" : "ui-toast";
  item.textContent = text;
  box.append(item);
  setTimeout(() => item.remove(), bad ? 9000 : 4000);
}
document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value));

// --- Theme and density: at once here, kept on the server ------------------------------------

function setTheme(theme) {
  root.dataset.theme = theme;
  try { localStorage.setItem("panel-theme", theme); } catch { /* private window */ }
  root.dispatchEvent(new Event("panel:theme"));
}

document.addEventListener("change", (event) => {
  const form = event.target.closest?.("[data-preferences]");
  if (!form) return;
  if (event.target.name === "theme") setTheme(event.target.value);
  if (event.target.name === "density") root.dataset.density = event.target.value;
  fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "HX-Request": "true" },
  }).then(
    (answer) => answer.ok || toast("Your choice could not be kept.", true),
    () => toast("Your choice could not be kept: the panel does not answer.", true),
  );
});

// --- Copying --------------------------------------------------------------------------------

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    toast("This browser does not let the panel copy.", true);
    return;
  }
  button.classList.add("is-copied");
  toast(`Copied ${text}`);
  setTimeout(() => button.classList.remove("is-copied"), 1200);
}

// --- Clicks ---------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const copied = event.target.closest("[data-copy]");
  if (copied) {
    event.preventDefault();
    copy(copied);
    return;
  }
  if (event.target.closest("[data-theme-toggle]")) {
    setTheme(root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark");
    return;
  }
  const opener = event.target.closest("[data-open-dialog]");
  if (opener?.dataset.openDialog === "keys") listKeys();
  if (opener) one(`#${opener.dataset.openDialog}`)?.showModal();
  const filler = event.target.closest("[data-fill]");
  if (filler) {
    for (const [name, value] of Object.entries(JSON.parse(filler.dataset.fill))) {
      const field = one(`[name="${name}"]`);
      if (field) field.value = value;
    }
    one(filler.dataset.focus || "[type=submit]")?.focus();
  }
});

// --- Forms: one click sends once; empty filters stay out of the address ----------------------

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "dialog" || event.defaultPrevented) return;
  if (form.dataset.clean !== undefined) {
    for (const field of form.elements) if (field.name && field.value === "") field.disabled = true;
    setTimeout(() => { for (const field of form.elements) field.disabled = false; });
    return;
  }
  if (form.method !== "post" || form.hasAttribute("hx-post")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // After this event: a button disabled during it would not be sent along.
  setTimeout(() => {
    for (const button of all("button:not([type=button])", form)) {
      if (button === event.submitter) button.classList.add("is-busy");
      button.disabled = true;
    }
  });
});
// A page that comes back from the browser's memory is fresh again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of all("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of all("button", form)) {
      button.disabled = false;
      button.classList.remove("is-busy");
    }
  }
});

function guardTyping(scope) {
  for (const box of all("[data-confirm]", scope)) {
    const input = one("input", box);
    const send = one("[data-primary]", box.closest("form"));
    const look = () => { send.disabled = input.value.trim() !== box.dataset.confirm; };
    input.addEventListener("input", look);
    look();
  }
}

// --- Tables: where one is, ticks, and what survives a refresh --------------------------------

const ticked = new Map(); // table name -> set of row ids
const at = new Map(); // table name -> row id

const tableOf = (element) => element.closest("[data-table]");
const rowsOf = (table) => all("tbody tr[data-id]", table);
const ticksOf = (table) => {
  const name = table.dataset.table;
  if (!ticked.has(name)) ticked.set(name, new Set());
  return ticked.get(name);
};

function showTicks(table) {
  const ids = ticksOf(table);
  let here = 0;
  for (const row of rowsOf(table)) {
    const box = one("input[name=ids]", row);
    if (!box) return;
    box.checked = ids.has(row.dataset.id);
    row.classList.toggle("is-ticked", box.checked);
    here += box.checked;
  }
  const rows = rowsOf(table).length;
  const allBox = one("[data-tick-all]", table);
  if (allBox) {
    allBox.checked = rows > 0 && here === rows;
    allBox.indeterminate = here > 0 && here < rows;
  }
  const bar = one("[data-bulk]", table);
  if (!bar) return;
  bar.hidden = ids.size === 0;
  const wholeList = one("[data-bulk-all]", table)?.checked;
  one("[data-bulk-count]", bar).textContent = wholeList ? "all" : ids.size;
}

function showPlace(table, scroll = false) {
  for (const row of rowsOf(table)) {
    const here = row.dataset.id === at.get(table.dataset.table);
    row.classList.toggle("is-at", here);
    if (here && scroll) row.scrollIntoView({ block: "nearest" });
  }
}

document.addEventListener("change", (event) => {
  const table = tableOf(event.target);
  if (!table) return;
  const ids = ticksOf(table);
  if (event.target.matches("[data-tick-all]")) {
    for (const row of rowsOf(table)) {
      event.target.checked ? ids.add(row.dataset.id) : ids.delete(row.dataset.id);
    }
  } else if (event.target.name === "ids") {
    event.target.checked ? ids.add(event.target.value) : ids.delete(event.target.value);
  } else if (!event.target.matches("[data-bulk-all]")) {
    return;
  }
  showTicks(table);
});
// Rows ticked on other pages are sent too.
document.addEventListener("formdata", (event) => {
  const table = event.target.matches(".ui-table-form") && tableOf(event.target);
  if (!table) return;
  event.formData.delete("ids");
  for (const id of ticksOf(table)) event.formData.append("ids", id);
});

function move(table, step) {
  const rows = rowsOf(table);
  if (!rows.length) return;
  const now = rows.findIndex((row) => row.dataset.id === at.get(table.dataset.table));
  const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : now + step;
  const row = rows[Math.min(Math.max(next, 0), rows.length - 1)];
  at.set(table.dataset.table, row.dataset.id);
  showPlace(table, true);
}

// --- Keys: `data-key="a"` (or "n j") clicks a button or a link, and focuses a field -------------

const usable = (element) =>
  !element.matches(":disabled, .disabled, [aria-disabled=true]")
  && element.checkVisibility({ visibilityProperty: true });
const boundTo = (key) =>
  all("[data-key]").find((bound) => bound.dataset.key.split(" ").includes(key) && usable(bound));

// The overlay names what this page has now; a button's own words tell what its key does.
function listKeys() {
  const here = one("[data-keys-here]");
  const rows = all("[data-key]:not([data-key='/'])").filter(usable).map((bound) => {
    const words = bound.cloneNode(true);
    for (const key of all("kbd, .visually-hidden", words)) key.remove();
    const row = document.createElement("div");
    const keys = document.createElement("dt");
    for (const key of bound.dataset.key.split(" ")) {
      keys.append(Object.assign(document.createElement("kbd"), { textContent: key }), " ");
    }
    row.append(keys, Object.assign(document.createElement("dd"), {
      textContent: bound.dataset.keyLabel || words.textContent.trim() || bound.ariaLabel,
    }));
    return row;
  });
  const list = document.createElement("dl");
  list.append(...rows);
  here.replaceChildren(one("h3", here), list);
  here.hidden = rows.length === 0;
  one("[data-keys-list]").hidden = !one("[data-table]");
}

const FIELD = "input, textarea, select";
const typing = (element) =>
  element.isContentEditable ||
  element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target;
  if (event.key === "Escape" && typing(target)) {
    target.blur();
    return;
  }
  if (typing(target) || one("dialog[open]") || one(".dropdown-menu.show")) return;
  if (event.key === "?") {
    listKeys();
    one("#keys")?.showModal();
    return;
  }
  const bound = boundTo(event.key);
  if (bound) {
    event.preventDefault();
    if (event.repeat || (target.matches(FIELD) && !bound.matches(FIELD))) return;
    bound.focus(); // where a dialog gives the focus back to
    if (!bound.matches(FIELD)) bound.click();
    return;
  }
  const table = one("[data-table]");
  if (!table) return;
  const row = one("tr.is-at", table);
  if (event.key === "j") move(table, 1);
  else if (event.key === "k") move(table, -1);
  else if (event.key === "x" && row) one("input[name=ids]", row)?.click();
  else if (event.key === "Enter" && row?.dataset.href && !target.closest("a, button")) {
    window.location.assign(row.dataset.href);
  } else return;
  event.preventDefault();
});

// --- Live parts: polite polling, and plain words when it fails -------------------------------

const scrolls = new Map();
const CAN_FOCUS = "a[href], button, input, select, textarea, [tabindex]";

// Where the focus is in a part that is about to be swapped, so that its copy can have it.
function placeOf(element, part) {
  if (!element || !part.contains(element)) return null;
  const row = element.closest("tr[data-id]");
  const within = row || part;
  return {
    id: element.id, row: row?.dataset.id, index: all(CAN_FOCUS, within).indexOf(element),
  };
}
function elementAt(place, part) {
  if (!place) return null;
  if (place.id) return document.getElementById(place.id);
  const within = place.row ? one(`tr[data-id="${CSS.escape(place.row)}"]`, part) : part;
  return within && all(CAN_FOCUS, within)[place.index];
}

document.addEventListener("htmx:configRequest", (event) => {
  // Empty filters stay out of the address.
  if (event.detail.elt.dataset?.clean === undefined) return;
  for (const [name, value] of Object.entries(event.detail.parameters)) {
    if (value === "") delete event.detail.parameters[name];
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const live = event.detail.elt;
  if (live.dataset?.live === undefined) return;
  const busy = one(".dropdown-menu.show", live) || one("[data-no-refresh]", live)
    || (live.contains(document.activeElement) && typing(document.activeElement));
  if (document.hidden || busy) event.preventDefault();
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, xhr } = event.detail;
  // A whole page where a part was asked for: the session has ended, or the site has changed.
  if (/^\s*<!doctype/i.test(xhr.responseText) && target !== document.body) {
    event.detail.shouldSwap = false;
    window.location.reload();
    return;
  }
  if (!target.id || event.detail.elt.dataset?.live === undefined) return;
  const box = one(".ui-scroll", target);
  const focused = placeOf(document.activeElement, target);
  scrolls.set(target.id, { top: box?.scrollTop, left: box?.scrollLeft, focused });
});

document.addEventListener("htmx:afterSettle", (event) => {
  const id = event.detail.target.id;
  const now = id && document.getElementById(id);
  const kept = scrolls.get(id);
  if (now && kept) {
    const box = one(".ui-scroll", now);
    if (box) box.scrollTo(kept.left, kept.top);
    elementAt(kept.focused, now)?.focus({ preventScroll: true });
    scrolls.delete(id);
  }
  wake(now || document);
});

// A live region is heard only if it stays while its words change, so it stands outside the part.
function say(part) {
  const region = document.getElementById(part.dataset.sayIn);
  if (region && region.textContent !== part.dataset.say) region.textContent = part.dataset.say;
}

function pollTrouble(live) {
  let bar = one(".ui-poll-trouble", live);
  if (!bar) {
    bar = document.createElement("div");
    bar.className = "ui-poll-trouble";
    bar.setAttribute("role", "status");
    live.prepend(bar);
    bar.textContent = `Not updated since ${new Date().toLocaleTimeString([], { hour12: false })}: `
      + "the panel does not answer. It keeps trying.";
  }
}

function failed(event) {
  const from = event.detail.elt;
  const status = event.detail.xhr?.status;
  if (from.dataset?.live !== undefined) {
    if (status === 403 || status === 404) {
      window.location.reload();
      return;
    }
    if (from.id !== "platform-state") pollTrouble(from);
    return;
  }
  toast(
    status === 403
      ? "You may not do this. Nothing was changed."
      : status
        ? `The panel answered with an error (${status}). Reload the page to see how things stand.`
        : "The panel does not answer. Check the connection, then reload the page.",
    true,
  );
}
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, failed);
}

// --- Times ----------------------------------------------------------------------------------

const two = (number) => String(number).padStart(2, "0");

function tick() {
  const now = Date.now();
  for (const clock of all("[data-server-clock]")) {
    // Read as UTC, because the server's offset is already in it.
    const there = new Date(now + Number(clock.dataset.serverClock) * 1000);
    clock.textContent =
      `${two(there.getUTCHours())}:${two(there.getUTCMinutes())}:${two(there.getUTCSeconds())}`;
  }
  for (const stamp of all("[data-as-of]")) {
    const age = Math.floor((now - Date.parse(stamp.dataset.asOf)) / 1000);
    const old = age > Number(stamp.dataset.limit);
    stamp.classList.toggle("old", old);
    const words = one(".as-of-age", stamp);
    if (words) words.textContent = old ? ` (${span(age)} old)` : "";
  }
}
function span(seconds) {
  if (seconds < 90) return `${seconds}\u00a0s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}\u00a0min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)}\u00a0h`;
  return `${Math.round(seconds / 86400)}\u00a0days`;
}
setInterval(tick, 1000);

// --- Charts: uPlot, fetched only where there is one ------------------------------------------
// The address answers {"labels": [...days or UNIX seconds], "series": [{"name", "values", "kind":
// "bars" | "line", "colour": "accent" | "green" | "red" | "blue" | "amber"}], "unit": "USD"}.

const charts = new Map();
let uplot;

function loadUplot() {
  uplot ??= new Promise((resolve, reject) => {
    const assets = one("meta[name=panel-assets]").dataset;
    const sheet = Object.assign(document.createElement("link"), {
      rel: "stylesheet", href: assets.uplotCss,
    });
    const script = Object.assign(document.createElement("script"), {
      src: assets.uplotJs, onload: resolve, onerror: reject,
    });
    document.head.append(sheet, script);
  });
  return uplot;
}

// A canvas does not know custom properties: an element has to resolve them.
function colour(box, name) {
  const probe = document.createElement("span");
  probe.className = `ui-chart-probe ui-chart-${name}`;
  box.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const exact = (digits) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const minus = (text) => text.replace("-", "\u2212");

async function fetchChart(box) {
  box.dataset.chartState = "asked";
  try {
    const [answer] = await Promise.all([
      fetch(box.dataset.chart, { headers: { Accept: "application/json" } }),
      loadUplot(),
    ]);
    if (!answer.ok) throw new Error(String(answer.status));
    charts.set(box, { data: await answer.json() });
    drawChart(box);
  } catch {
    box.replaceChildren(Object.assign(document.createElement("p"), {
      className: "ui-quiet", textContent: "The chart could not be read. Reload the page to try again.",
    }));
  }
}

function drawChart(box) {
  const chart = charts.get(box);
  const { labels, series, unit = "", decimals = 2 } = chart.data;
  chart.plot?.destroy();
  box.replaceChildren();
  if (!series.some((line) => line.values.some((value) => Number(value)))) {
    box.replaceChildren(Object.assign(document.createElement("p"), {
      className: "ui-chart-none", textContent: "Nothing in this time.",
    }));
    return;
  }
  const x = labels.map((label) =>
    typeof label === "number" ? label : Date.parse(`${label}T00:00:00Z`) / 1000);
  const ink = colour(box, "ink");
  const grid = { stroke: colour(box, "edge"), width: 1 };
  const axis = { stroke: ink, grid, ticks: { show: false }, font: `12px ${getComputedStyle(box).fontFamily}` };
  const readout = Object.assign(document.createElement("div"), { className: "ui-chart-read" });
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const read = (plot) => {
    const index = plot.cursor.idx;
    readout.textContent = index == null ? "" : [
      day.format(x[index] * 1000),
      ...series.map((line) => line.values[index] == null ? "\u2013"
        : `${series.length > 1 ? `${line.name} ` : ""}${minus(exact(decimals).format(line.values[index]))}`),
    ].join("  ") + (unit ? ` ${unit}` : "");
  };
  const legend = Object.assign(document.createElement("div"), { className: "ui-chart-legend" });
  for (const line of series.length > 1 ? series : []) {
    const key = document.createElement("span");
    const mark = document.createElement("i");
    mark.className = `is-${line.kind || "bars"} ui-chart-${line.colour || "accent"}`;
    key.append(mark, line.name);
    legend.append(key);
  }
  chart.plot = new uPlot({
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [legend.children.length ? 30 : null, null, null, null],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    // Half a bar of air at both ends, or the first and the last are cut in two.
    scales: { x: { range: (_, low, high) => {
      const air = (high - low) / Math.max(1, x.length - 1) / 2;
      return [low - air, high + air];
    } } },
    hooks: { setCursor: [read] },
    axes: [
      { ...axis, size: 30, grid: { show: false }, values: (_, ticks) => ticks.map((s) => day.format(s * 1000)) },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((v) => minus(compact.format(v))) },
    ],
    series: [{}, ...series.map((line) => {
      const stroke = colour(box, line.colour || "accent");
      return line.kind === "line"
        ? { label: line.name, stroke, width: 2, points: { show: false } }
        : { label: line.name, stroke, fill: stroke, width: 0, points: { show: false },
            paths: uPlot.paths.bars({ size: [0.62, 26], radius: 0.12 }) };
    })],
  }, [x, ...series.map((line) => line.values.map((v) => (v == null ? null : Number(v))))], box);
  box.append(legend, readout);
  if (!chart.watched) {
    chart.watched = true;
    new ResizeObserver(() => chart.plot.setSize({
      width: box.clientWidth, height: box.clientHeight,
    })).observe(box);
  }
}
function redrawCharts() {
  requestAnimationFrame(() => { for (const box of charts.keys()) if (box.isConnected) drawChart(box); });
}
root.addEventListener("panel:theme", redrawCharts);

// --- Waking a page, or a part that has just come ---------------------------------------------

function wake(scope) {
  for (const table of all("[data-table]", scope)) {
    showTicks(table);
    showPlace(table);
  }
  guardTyping(scope);
  if (scope.dataset?.say) say(scope);
  for (const part of all("[data-say]", scope)) say(part);
  for (const bound of all("[data-key]", scope)) bound.ariaKeyShortcuts = bound.dataset.key;
  for (const box of all("[data-chart]:not([data-chart-state])", scope)) fetchChart(box);
  tick();
}
wake(document);
// Of more tabs than fit a telephone, the one that is open is seen.
one(".ui-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });

// A form that came back has the focus where it is wrong; a new one, where it begins.
const WRONG = "[aria-invalid=true]:not([type=hidden])";
const FIRST = "[data-enter] :is(input:not([type=hidden]), select, textarea)";
(one(WRONG) || (one("[autofocus]") ? null : one(FIRST)))?.focus();
