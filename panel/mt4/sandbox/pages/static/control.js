"use strict";
// The live part of a page, fetched anew while somebody looks at it.
const live = document.getElementById("live");
const line = document.getElementById("status");
const away = document.getElementById("away");

function isBusy() {
  const chosen = document.getSelection();
  const selecting = chosen && !chosen.isCollapsed && live.contains(chosen.anchorNode);
  const typing = live.contains(document.activeElement) && document.activeElement.matches("input, select, button");
  return document.hidden || selecting || typing;
}

// New content in place of the old, which keeps what was scrolled and where the focus was.
function put(target, source) {
  const places = [...target.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
  const focused = target.contains(document.activeElement) ? document.activeElement : null;
  const same = focused && focused.matches("a") ? `a[href="${CSS.escape(focused.getAttribute("href"))}"]` : ".scroll";
  const index = focused ? [...target.querySelectorAll(same)].indexOf(focused) : -1;
  target.replaceChildren(...source.childNodes);
  target.querySelectorAll(".scroll").forEach((box, at) => { box.scrollLeft = places[at] || 0; });
  if (index >= 0) target.querySelectorAll(same)[index]?.focus({ preventScroll: true });
}

async function refresh() {
  if (!isBusy()) {
    try {
      const address = new URL(location.href);
      address.searchParams.set("part", "live");
      address.searchParams.delete("said");
      const answer = await fetch(address, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!isBusy()) {
        put(live, fresh.getElementById("live"));
        put(line, fresh.getElementById("status"));
      }
      away.hidden = true;
    } catch {
      away.hidden = false;
    }
  }
  setTimeout(refresh, live.dataset.every * 1000);
}

setTimeout(refresh, live.dataset.every * 1000);
