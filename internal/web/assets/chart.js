// Draws the figures of a page. Colors are those of the page and follow it.
(() => {
  "use strict";
  if (!window.uPlot) return;
  const drawn = new Map();
  const dashes = [[], [6, 4], [2, 3], [10, 4, 2, 4], [1, 4], [12, 3]];
  const roles = ["--accent", "--busy", "--warn", "--bad", "--ok", "--muted"];

  const draw = (box) => {
    const source = document.getElementById(box.dataset.plot);
    if (!source) return;
    drawn.get(box)?.destroy();
    const data = JSON.parse(source.textContent);
    const style = getComputedStyle(document.documentElement);
    const color = (role) => style.getPropertyValue(role).trim();
    const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 }, font: "13px system-ui, sans-serif" };
    const hours = data.x.length > 1 && data.x[1] - data.x[0] < 86400;
    const format = new Intl.DateTimeFormat("en-GB", hours ? { hour: "2-digit", minute: "2-digit", timeZone: "UTC" } : { day: "numeric", month: "short", timeZone: "UTC" });
    const named = (t) => format.format(new Date(t * 1000));
    box.classList.add("drawn");
    const legend = data.lines.length > 1;
    drawn.set(box, new window.uPlot({
      width: box.clientWidth,
      height: box.clientHeight - (legend ? 34 : 0),
      tzDate: (t) => window.uPlot.tzDate(new Date(t * 1000), "UTC"),
      legend: { show: legend, live: false },
      cursor: { show: true, points: { show: true } },
      scales: { y: { range: (u, low, high) => [Math.min(0, low ?? 0), Math.max(1, high ?? 1) * 1.05] } },
      axes: [{ ...axis, values: (u, list) => list.map(named) }, { ...axis, size: 60, values: (u, list) => list.map((v) => v.toLocaleString("en")) }],
      series: [{}, ...data.lines.map((line, i) => ({
        label: line.label, stroke: color(roles[i % roles.length]), width: 2, dash: dashes[i % dashes.length],
        points: { show: data.x.length < 40, size: 4 },
      }))],
    }, [data.x, ...data.lines.map((line) => line.values)], box));
  };
  const all = () => {
    for (const [box, plot] of drawn) if (!box.isConnected) { plot.destroy(); drawn.delete(box); }
    document.querySelectorAll("[data-plot]").forEach(draw);
  };

  document.documentElement.classList.add("js");
  all();
  let timer = 0;
  window.addEventListener("resize", () => {
    clearTimeout(timer);
    timer = setTimeout(all, 150);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  document.addEventListener("page:fresh", all);
})();
