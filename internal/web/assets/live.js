// Keeps a page true while it is open. One WebSocket brings news as ready markup: htmx
// puts what has an id on this page in its place, at most four times a second. News also
// make the regions of the page that changed be fetched again. Without a connection the
// page looks by itself every two seconds while something on it moves. A hidden tab and a
// paused one do nothing.
(() => {
  "use strict";
  const beatEvery = 2000; // ms without a connection
  const freshEvery = 1000; // ms between two looks that news cause
  const swapEvery = 250; // ms between two swaps of pushed markup
  const maxEvents = 12; // that are shown
  const address = "/ws/dashboard?format=html";
  let connected = false;
  let paused = false;
  let failures = 0;
  let timer = 0;
  let looking = false;
  let again = false;
  let lastLook = 0;
  let lastNews = new Date();

  const main = () => document.getElementById("main");
  const moves = () => main() && main().dataset.live === "on";

  const say = (state, text) => {
    const pulse = document.getElementById("pulse");
    if (!pulse || (pulse.dataset.pulse === state && pulse.textContent === text)) return;
    pulse.dataset.pulse = state;
    pulse.textContent = text;
  };
  const sayAll = () => {
    if (paused) say("paused", "Paused");
    else if (failures > 0) say("lost", "Reconnecting, last seen " + lastNews.toLocaleTimeString());
    else if (connected || moves()) say("on", "Live");
    else say("off", "Up to date");
  };

  // A region in which someone types, ticks or has something open is left alone.
  const inUse = (region) => {
    const active = document.activeElement;
    if (active && region.contains(active) && active.matches("input, textarea, select, button, summary")) return true;
    if (region.querySelector("details[open], input:checked[data-row]")) return true;
    return [...region.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), textarea")].some((f) => f.value !== f.defaultValue);
  };

  const swap = (fresh) => {
    const old = document.getElementById(fresh.id);
    if (!old || old.outerHTML === fresh.outerHTML || inUse(old)) return;
    const active = document.activeElement;
    const focused = active && old.contains(active) ? active.getAttribute("href") : null;
    old.replaceWith(document.adoptNode(fresh));
    if (window.htmx) window.htmx.process(fresh);
    fresh.dispatchEvent(new CustomEvent("page:fresh", { bubbles: true }));
    if (focused) {
      const link = [...fresh.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused);
      if (link) link.focus({ preventScroll: true });
    }
  };

  const fetchPage = async () => {
    const res = await fetch(location.href, { headers: { "X-Part": "main" }, credentials: "same-origin", cache: "no-store" });
    if (res.redirected) return; // signed out
    if (!res.ok) throw new Error(String(res.status));
    const page = new DOMParser().parseFromString(await res.text(), "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) throw new Error("no main part");
    main().dataset.live = fresh.dataset.live;
    fresh.querySelectorAll("[data-region]").forEach(swap);
  };

  const plan = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  };

  const look = async () => {
    if (paused || document.hidden) return; // visibilitychange and the button start it again
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    again = false;
    lastLook = Date.now();
    try {
      await fetchPage();
      failures = 0;
      lastNews = new Date();
    } catch {
      failures += 1;
    }
    looking = false;
    sayAll();
    if (again) plan(freshEvery);
    else if (failures > 0 || (moves() && !connected)) plan(beatEvery * Math.min(2 ** failures, 16));
    else if (moves()) plan(beatEvery * 2);
  };

  const news = () => plan(Math.max(0, lastLook + freshEvery - Date.now()));

  // Pushed markup: what belongs to nothing on this page is dropped, the rest is kept for
  // the next swap.
  let waiting = [];
  let swapping = 0;
  const take = (text) => {
    const holder = document.createElement("template");
    holder.innerHTML = text;
    for (const part of holder.content.querySelectorAll("[hx-swap-oob]")) {
      if (part.id && document.getElementById(part.id)) waiting.push(part.outerHTML);
    }
    if (text.includes('id="live-events"')) news();
    if (waiting.length > 0 && !swapping) swapping = setTimeout(flush, swapEvery);
  };
  const flush = async () => {
    swapping = 0;
    const text = waiting.join("");
    waiting = [];
    if (paused || !text) return;
    const socket = document.getElementById("socket");
    await window.htmx.swap({ sourceElement: socket, target: socket, text, swap: "innerHTML swapEmpty:false" });
    const events = document.getElementById("live-events");
    while (events && events.children.length > maxEvents) events.lastElementChild.remove();
  };

  const connect = () => {
    const old = document.getElementById("socket");
    if (!old || !window.htmx || !window.WebSocket) return;
    const socket = document.createElement("div");
    socket.id = "socket";
    socket.hidden = true;
    socket.setAttribute("hx-ws:connect", address);
    old.replaceWith(socket);
    window.htmx.process(socket);
  };
  const disconnect = () => {
    const old = document.getElementById("socket");
    if (!old || !old.hasAttribute("hx-ws:connect")) return;
    const rest = document.createElement("div");
    rest.id = "socket";
    rest.hidden = true;
    const live = sockets.pop();
    if (live) live.close(1000, "paused");
    old.replaceWith(rest);
  };

  const sockets = [];
  document.addEventListener("htmx:ws:after:connection", (e) => {
    sockets.length = 0;
    sockets.push(e.detail.connection.socket);
    const back = failures > 0;
    connected = true;
    failures = 0;
    lastNews = new Date();
    if (back) news(); // what happened meanwhile
    sayAll();
  });
  document.addEventListener("htmx:ws:close", () => {
    connected = false;
    if (!paused && !document.hidden && moves()) plan(beatEvery);
    sayAll();
  });
  document.addEventListener("htmx:ws:before:message:incoming", (e) => {
    e.detail.cancelled = true; // htmx would swap each on its own
    lastNews = new Date();
    if (!paused && typeof e.detail.message.data === "string") take(e.detail.message.data);
  });

  const pause = document.getElementById("pause");
  const toggle = () => {
    paused = !paused;
    if (pause) pause.textContent = paused ? "Go on" : "Pause";
    if (paused) {
      clearTimeout(timer);
      disconnect();
      connected = false;
    } else {
      failures = 0;
      connect();
      look();
    }
    sayAll();
  };
  document.addEventListener("page:pause", toggle);
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", toggle);
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !paused) look();
  });
  if (main()) {
    connect();
    if (moves()) plan(beatEvery / 2);
  }
})();
