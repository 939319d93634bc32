/// Numbers over time, drawn and as tables.
enum ChartsScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, svg, shown, time, words } = ui;
      const outcomes = ["filled", "validated", "open", "canceled", "rejected", "denied",
        "in_doubt"];
      const size = { width: 720, height: 180, left: 46, bottom: 20, top: 8 };
      const inner = size.height - size.bottom - size.top;
      const rates = [];
      const hour = new Intl.DateTimeFormat(undefined, {
        month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
      });

      // A frame with the largest number at its left; `draw` gets where a part and a value stand.
      function frame(label, parts, top, bottom, draw) {
        const step = (size.width - size.left) / parts.length;
        const x = (index) => size.left + index * step;
        const span = top - bottom || 1;
        const y = (value) => size.top + inner * (1 - (value - bottom) / span);
        const marks = [0, Math.floor(parts.length / 2), parts.length - 1].filter((index) => index >= 0);
        return svg("svg", { class: "chart", viewBox: "0 0 " + size.width + " " + size.height,
          role: "img", "aria-label": label },
        svg("line", { class: "axis", x1: size.left, x2: size.width, y1: y(bottom), y2: y(bottom) }),
        svg("text", { x: size.left - 6, y: size.top + 9, "text-anchor": "end" }, String(top)),
        svg("text", { x: size.left - 6, y: y(bottom), "text-anchor": "end" }, String(bottom)),
        ...marks.map((index) => svg("text", { x: Math.min(x(index), size.width - 70),
          y: size.height - 4 }, hour.format(new Date(parts[index].from)))),
        ...draw(x, y, step));
      }

      function hover(node, text) {
        node.append(svg("title", {}, text));
        return node;
      }

      function table(caption, heads, rows) {
        return el("details", {}, el("summary", {}, "As a table"), el("div", { class: "scroll" },
          el("table", {}, el("caption", {}, caption),
            el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
            el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell) =>
              el("td", {}, cell instanceof Node ? cell : shown(cell)))))))));
      }

      function figure(title, ...children) {
        return el("section", {}, el("figure", {}, el("figcaption", {}, title), ...children));
      }

      function outcomeChart(parts) {
        const total = (part) => outcomes.reduce((sum, name) => sum + part.outcomes[name], 0);
        const top = Math.max(1, ...parts.map(total));
        const chart = frame("Outcomes of signals over time", parts, top, 0, (x, y, step) =>
          parts.flatMap((part, index) => {
            let below = 0;
            return outcomes.filter((name) => part.outcomes[name] > 0).map((name) => {
              const count = part.outcomes[name];
              const box = svg("rect", { class: "f-" + name, x: x(index) + 1, width: step - 2,
                y: y(below + count), height: y(below) - y(below + count) });
              below += count;
              return hover(box, hour.format(new Date(part.from)) + ": " + count + " " + words(name));
            });
          }));
        const key = el("ul", { class: "key" }, ...outcomes.map((name) =>
          el("li", {}, el("span", { class: "f-" + name }), words(name))));
        return figure("Outcomes", chart, key, table("Signals by outcome",
          ["From", ...outcomes.map(words)],
          parts.map((part) => [time(part.from), ...outcomes.map((name) => part.outcomes[name])])));
      }

      // Marks for up to two numbers of each part; the exact texts stand in the table and on hover.
      function marks(title, label, parts, read, names, unit) {
        const values = parts.flatMap((part) => read(part)).filter((value) => value !== null);
        const top = Math.max(0, ...values.map(Number));
        const bottom = Math.min(0, ...values.map(Number));
        const chart = frame(label, parts, top || 1, bottom, (x, y, step) =>
          parts.flatMap((part, index) => read(part).flatMap((value, which) => {
            if (value === null) return [];
            const mark = svg("circle", { class: which ? "f-denied" : "f-open", r: 4,
              cx: x(index) + step / 2, cy: y(Number(value)) });
            return [hover(mark, hour.format(new Date(part.from)) + ": " + names[which] + " " + value +
              " " + unit)];
          })));
        const key = el("ul", { class: "key" }, ...names.map((name, which) =>
          el("li", {}, el("span", { class: which ? "f-denied" : "f-open" }), name)));
        return figure(title, values.length ? chart : el("p", { class: "quiet" }, "nothing yet"), key,
          table(label, ["From", ...names.map((name) => name + " (" + unit + ")")],
            parts.map((part) => [time(part.from), ...read(part)])));
      }

      function fills(parts) {
        const top = Math.max(0, ...parts.map((part) => Number(part.filled_quote))) || 1;
        const chart = frame("Quote amount of fills over time", parts, top, 0, (x, y, step) =>
          parts.filter((part) => Number(part.filled_quote) > 0).map((part) =>
            hover(svg("rect", { class: "f-filled", x: x(parts.indexOf(part)) + 1, width: step - 2,
              y: y(Number(part.filled_quote)), height: y(0) - y(Number(part.filled_quote)) }),
            hour.format(new Date(part.from)) + ": " + part.filled_quote)));
        return figure("Fills, in quote", chart, table("Quote amount of fills", ["From", "Quote"],
          parts.map((part) => [time(part.from), part.filled_quote])));
      }

      const rateFigure = el("div");

      function showRates() {
        const parts = rates.map((rate) => ({ from: rate.at, rate }));
        rateFigure.replaceChildren(marks("Rate use since this page was opened",
          "Weight that is used of the exchange's limits", parts,
          (part) => [part.rate.ip, part.rate.uid], ["address", "account"], "weight"));
      }

      async function load() {
        try {
          const report = await ui.api("/api/charts?hours=" + byId("period").elements.hours.value);
          byId("summary").textContent = report.signals + " signals" +
            (report.is_cut ? " (the newest; more are not counted)" : "") + ", in parts of " +
            ui.duration(report.part_seconds);
          byId("figures").replaceChildren(outcomeChart(report.parts),
            marks("From the signal's arrival to its order's leaving", "Latency", report.parts,
              (part) => [part.latency_ms.median, part.latency_ms.p99], ["median", "99 of 100"], "ms"),
            marks("Slippage against the price that the order was judged by", "Slippage", report.parts,
              (part) => [part.slippage_bps.median, part.slippage_bps.worst], ["median", "worst"],
              "bps"),
            fills(report.parts), rateFigure);
          byId("figures").dataset.ready = "true";
        } catch (problem) {
          byId("summary").textContent = problem.message;
        }
      }

      let timer = null;
      byId("period").addEventListener("change", load);
      live.on("history", () => {
        if (timer === null) timer = setTimeout(() => {
          timer = null;
          load();
        }, 5000);
      });
      live.on("status", (status) => {
        if (status.error || status.rate.ip_used === null) return;
        rates.push({ at: new Date().toISOString(), ip: status.rate.ip_used,
          uid: status.rate.uid_used });
        while (rates.length > 120) rates.shift();
        // A table that somebody has opened is not taken away.
        if (!rateFigure.querySelector("details[open]")) showRates();
      });
      load();
    })();
    """#
}
