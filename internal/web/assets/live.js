// Keeps the regions of a page fresh while something on it moves: every two seconds
// it fetches the main part again and replaces the regions that changed. A region in
// which someone types or has something open is left alone.
(() => {
  "use strict";
  const every = 2000;
  let failures = 0;
  let timer = 0;

  const say = (state, text) => {
    const pulse = document.getElementById("pulse");
    if (pulse && pulse.dataset.pulse !== state) {
      pulse.dataset.pulse = state;
      pulse.textContent = text;
    }
  };

  const inUse = (region) => {
    const active = document.activeElement;
    if (active && region.contains(active) && active.matches("input, textarea, select, button, summary")) return true;
    if (region.querySelector("details[open]")) return true;
    return [...region.querySelectorAll("input:not([type=hidden]), textarea")].some((f) => f.value !== f.defaultValue);
  };

  const swap = (fresh) => {
    const old = document.getElementById(fresh.id);
    if (!old || old.outerHTML === fresh.outerHTML || inUse(old)) return;
    const active = document.activeElement;
    const focused = active && old.contains(active) ? active.getAttribute("href") : null;
    old.replaceWith(document.adoptNode(fresh));
    if (focused) {
      const again = [...fresh.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
      if (again) again.focus({ preventScroll: true });
    }
  };

  const refresh = async () => {
    const res = await fetch(location.href, { headers: { "X-Part": "main" }, credentials: "same-origin", cache: "no-store" });
    if (res.redirected) return false; // signed out
    if (!res.ok) throw new Error(String(res.status));
    const page = new DOMParser().parseFromString(await res.text(), "text/html");
    const main = page.getElementById("main");
    if (!main) throw new Error("no main part");
    main.querySelectorAll("[data-region]").forEach(swap);
    return main.dataset.live === "on";
  };

  const beat = async () => {
    timer = 0;
    if (document.hidden) return; // visibilitychange starts it again
    try {
      const moving = await refresh();
      failures = 0;
      if (!moving) {
        say("off", "Up to date");
        return;
      }
      say("on", "Live");
    } catch {
      failures += 1;
      say("lost", "Reconnecting");
    }
    timer = setTimeout(beat, every * Math.min(2 ** failures, 16));
  };

  const main = document.getElementById("main");
  if (!main || main.dataset.live !== "on") return;
  timer = setTimeout(beat, every / 2);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !timer) beat();
  });
})();
