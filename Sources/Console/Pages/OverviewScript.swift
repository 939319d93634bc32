/// The overview.
enum OverviewScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, notice, shown, terms, time, words } = ui;
      const eventMaximum = 50;
      const answer = el("div", { role: "status" });
      const controls = byId("controls");
      controls.after(answer);
      let controlState = null;
      const numbers = document.querySelector(".cards");

      function showLost(heardAt) {
        const since = heardAt ? time(heardAt) : "this page was opened";
        byId("verdict").className = "notice bad";
        byId("verdict").replaceChildren(el("p", { class: "headline" },
          "Not known: no connection to the console since ", since));
        numbers.classList.add("stale");
      }

      function showAway(status) {
        byId("verdict").className = "notice bad";
        byId("verdict").replaceChildren(
          el("p", { class: "headline" }, "Not known: the daemon does not answer"),
          el("p", {}, status.error.message),
          el("p", {}, "What it has written down is shown all the same; signals and orders too."));
        showControls(null);
      }

      function showVerdict(status) {
        const trades = status.trading_open && status.state === "active";
        const isGood = trades && status.problems.length === 0;
        byId("verdict").className = "notice " + (isGood ? "good" : trades ? "warn" : "bad");
        const mode = { paper: "on paper", validate: "as a check only", live: "live" }[status.mode];
        const reducing = status.halt_scope === "buys" ? "Reducing: sells leave, buys do not"
          : "Not trading (halted; orders are being cancelled)";
        const title = trades ? "Trading " + mode : status.state === "reducing" ? reducing
          : "Not trading (" + words(status.state) + ")";
        byId("verdict").replaceChildren(
          el("p", { class: "headline" }, title),
          ...(trades && isGood ? [] : !trades && status.reason && status.problems.length === 0
            ? [el("p", {}, status.reason)] : []),
          ...status.problems.map((problem) => el("p", {}, el("strong", {}, problem.message), " ",
            problem.advice ? "To do: " + problem.advice : "")));
        showControls(status);
      }

      function showControls(status) {
        const state = status && status.state + (status.careful_start ? ", careful" : "");
        if (!ui.mayControl || state === controlState) return;
        controlState = state;
        if (status === null) return controls.replaceChildren();
        const halt = ui.command("Halt", "No new order leaves until somebody resumes. Orders that are " +
          "open stay open.", "/api/halt", { reason: "by the operator, at the console" }, answer,
          "danger");
        const haltAndCancel = ui.command("Halt and cancel", "No new order leaves until somebody " +
          "resumes, and every open order of the daemon is cancelled.", "/api/halt",
          { reason: "by the operator, at the console", cancel: true }, answer, "danger");
        const reduce = ui.command("Reduce only", "No buy leaves until somebody resumes. Sells and " +
          "cancels still leave.", "/api/halt",
          { reason: "by the operator, at the console", reduce_only: true }, answer, "danger");
        const resume = ui.command("Resume", "Signals are taken again, and orders leave.",
          "/api/resume", {}, answer, "main");
        const endCareful = ui.command("End the careful start", "From now on an order may leave without " +
          "a look at MEXC whether its signal has one already. Signals that came before are still looked " +
          "up.", "/api/resume", { careful_start: true }, answer);
        controls.replaceChildren(...{
          active: [...(status.careful_start ? [endCareful] : []), halt, haltAndCancel, reduce],
          reducing: [resume, halt, haltAndCancel],
        }[status.state] || [resume, haltAndCancel]);
      }

      function bar(name, used, limit, unit = "") {
        const isNone = limit === null || limit === undefined;
        const text = used === null ? "not known"
          : shown(used) + (isNone ? ", no limit" : " of " + limit) + unit;
        // For the bar's length alone; the text has the exact amounts.
        const part = isNone || Number(limit) === 0 ? 0 : Math.min(1, Number(used) / Number(limit));
        return el("div", {}, el("div", {}, name + ": " + text),
          el("meter", { min: 0, max: 1, high: 0.9, value: part, "aria-label": name + ", " + text }));
      }

      function showNumbers(status) {
        terms(byId("orders"), [
          ["open", status.open_orders], ["in flight", status.in_flight],
          ["waiting", status.waiting], ["unknown", status.unknown], ["not found", status.not_found],
        ]);
        const { risk, rate } = status;
        byId("limits").replaceChildren(
          bar("Open orders", risk.open_orders, risk.open_orders_limit),
          bar("Orders this minute", risk.minute_orders, risk.minute_orders_limit),
          bar("Quote in 24 hours", risk.daily_quote, risk.daily_quote_limit),
          bar("Weight of the address", rate.ip_used, rate.ip_limit),
          bar("Weight of the account", rate.uid_used, rate.uid_limit),
          bar("Orders this second", rate.order_used, rate.order_limit));
        const key = status.api_key;
        const days = !key ? "not told" : key.expires === false ? "does not expire"
          : key.days_left === null ? "not told" : key.days_left + " days left";
        const streams = status.streams.map((stream) => words(stream.name || stream.kind) + " " +
          words(stream.state)).join(", ");
        terms(byId("exchange"), [
          ["prices from", status.price_source], ["streams", streams],
          ["clock", status.clock_offset_ms === null ? "not known"
            : status.clock_offset_ms + " ms apart"],
          ["API key", days], ["back-off until", rate.banned_until ? time(rate.banned_until) : "none"],
        ]);
        terms(byId("daemon"), [
          ["mode", status.mode], ["version", status.version],
          ["runs for", ui.duration(status.uptime_seconds)],
          ["memory", (status.resident_bytes / 1048576).toFixed(1) + " MiB"],
          ["last commit", status.last_commit_us + " µs"],
        ]);
      }

      function showEvent(event) {
        const list = byId("events");
        const subject = event.signal_id
          ? el("a", { href: "/signals/" + encodeURIComponent(event.signal_id) }, event.signal_id)
          : "daemon";
        list.prepend(el("li", { class: "fresh", "data-level": event.level }, time(event.at), " ",
          subject, " – ", event.level === "error" || event.level === "warning"
            ? el("strong", {}, event.level + ": ") : "", event.text));
        while (list.children.length > eventMaximum) list.lastChild.remove();
      }

      live.on("status", (status) => {
        numbers.classList.toggle("stale", status.error !== undefined);
        if (status.error) return showAway(status);
        showVerdict(status);
        showNumbers(status);
      });
      live.on("lost", showLost);
      live.on("history", showEvent);
      live.on("reset", () => byId("events").replaceChildren());
    })();
    """#
}
