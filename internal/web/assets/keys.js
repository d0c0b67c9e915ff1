// Keys, ticks and the list of keys. Everything here can be done without it, too.
(() => {
  "use strict";
  const dialog = document.getElementById("keys");
  const help = document.getElementById("help");
  const typing = (e) => e.target.closest && e.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const rows = () => [...document.querySelectorAll("main table tbody tr, main ul.rows > li")].filter((r) => r.querySelector("a"));
  let here = -1;
  let going = 0;

  const show = () => dialog && !dialog.open && dialog.showModal();
  if (help) {
    help.hidden = false;
    help.addEventListener("click", show);
  }

  const move = (by) => {
    const all = rows();
    if (all.length === 0) return;
    all.forEach((r) => r.classList.remove("here"));
    here = Math.max(0, Math.min(all.length - 1, here + by));
    all[here].classList.add("here");
    all[here].querySelector("a").focus();
    all[here].scrollIntoView({ block: "nearest" });
  };
  const follow = (selector) => {
    const link = document.querySelector(selector);
    if (link) location.assign(link.href);
  };

  const single = {
    "/": () => (document.getElementById("q") || document.getElementById("find"))?.focus(),
    j: () => move(1),
    k: () => move(-1),
    x: () => rows()[here]?.querySelector("[data-row]")?.click(),
    ".": () => document.dispatchEvent(new CustomEvent("page:pause")),
    "?": show,
    d: () => follow('[data-period="24 h"]'),
    w: () => follow('[data-period="7 days"]'),
    m: () => follow('[data-period="30 days"]'),
    g: () => { going = Date.now(); },
  };
  document.addEventListener("keydown", (e) => {
    if (document.body.dataset.keys === "off" || e.ctrlKey || e.metaKey || e.altKey || typing(e) || (dialog && dialog.open)) return;
    if (going && Date.now() - going < 1500 && /^[a-z]$/.test(e.key)) {
      going = 0;
      follow(`[data-go="${e.key}"]`);
      return;
    }
    const act = single[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });

  // Ticks: shift takes all between, the bar counts them and hides while there are none.
  let last = null;
  const count = () => {
    const ticked = document.querySelectorAll("[data-row]:checked").length;
    document.querySelectorAll("[data-bulk]").forEach((bar) => {
      bar.hidden = ticked === 0;
      const text = bar.querySelector("[data-bulk-count]");
      if (text) text.textContent = ticked === 1 ? "1 row ticked:" : ticked + " rows ticked:";
    });
  };
  document.addEventListener("click", (e) => {
    const box = e.target;
    if (!(box instanceof HTMLInputElement)) return;
    const all = [...document.querySelectorAll("[data-row]")];
    if (box.hasAttribute("data-all")) all.forEach((b) => { b.checked = box.checked; });
    if (box.hasAttribute("data-row")) {
      if (e.shiftKey && last && all.includes(last)) {
        const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
        all.slice(from, to + 1).forEach((b) => { b.checked = box.checked; });
      }
      last = box;
    }
    count();
  });
  document.addEventListener("htmx:after:swap", count);
  document.addEventListener("page:fresh", count);
  count();

  // Times in the reader's zone beside UTC, once somebody points at one.
  document.addEventListener("mouseover", (e) => {
    const time = e.target.closest && e.target.closest("time[datetime]:not([data-local])");
    if (!time) return;
    time.dataset.local = "";
    time.title = new Date(time.dateTime).toLocaleString() + " (" + time.title + ")";
  });

  // The current tab is in sight where tabs scroll.
  const current = document.querySelector(".tabs a[aria-current]");
  if (current) current.closest("ul").scrollLeft = current.offsetLeft - 40;

  // Copying what a button names.
  document.addEventListener("click", async (e) => {
    const button = e.target.closest && e.target.closest("[data-copy]");
    if (!button) return;
    const from = document.getElementById(button.dataset.copy);
    if (!from) return;
    await navigator.clipboard.writeText(from.value || from.textContent);
    button.textContent = "Copied";
  });
  document.querySelectorAll("[data-copy]").forEach((b) => { b.hidden = false; });
  document.querySelectorAll("[data-all]").forEach((b) => { b.hidden = false; });

  // A thin bar while htmx waits for more than 300 ms.
  let bar = 0;
  document.addEventListener("htmx:before:request", () => {
    clearTimeout(bar);
    bar = setTimeout(() => {
      const line = document.createElement("div");
      line.className = "loading";
      line.id = "loading";
      document.body.append(line);
    }, 300);
  });
  document.addEventListener("htmx:finally:request", () => {
    clearTimeout(bar);
    document.getElementById("loading")?.remove();
  });
})();
