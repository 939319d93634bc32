/// The story of one signal.
enum StoryScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, notice, shown, terms, time, words } = ui;
      const id = ui.page.id;
      const answer = el("div", { role: "status" });
      let timer = null;
      const [head, controlPlace, rest] = [el("div"), el("div"), el("div")];
      const field = el("input", { "aria-label": "Order ID at the exchange", size: 24 });
      let controlStatus = null;

      function facts({ signal, order, waits_for }) {
        const list = el("dl");
        const pairs = [
          ["received", time(signal.received_at)], ["from", signal.origin],
          ["wanted", [signal.side, signal.symbol, words(signal.type)].join(" ")],
          ["decision", words(signal.decision)], ["expires", time(signal.expires_at)],
          ["client order ID", signal.client_order_id],
        ];
        if (order) pairs.push(
          ["order", words(order.status)], ["order ID", order.order_id],
          ["price it was judged by", order.guard_price], ["executed", order.executed_quantity],
          ["average price", order.average_price], ["in quote", order.executed_quote]);
        if (waits_for) pairs.push(["waits for", waits_for]);
        terms(list, pairs);
        return list;
      }

      function headline(story) {
        const { signal, order } = story;
        if (story.removed) return notice("", words(order ? order.status : signal.decision),
          story.removed);
        if (!order) return notice("warn", "Refused: " + words(signal.decision), signal.message);
        const kinds = { filled: "good", validated: "good", open: "", partially_filled: "", new: "",
          submitted: "", unknown: "bad", not_found: "bad", rejected: "bad" };
        const kind = order.status in kinds ? kinds[order.status] : "warn";
        return notice(kind, "The order is " + words(order.status), order.reason);
      }

      function controls(order) {
        if (!ui.mayControl || !order) return null;
        const buttons = [];
        if (["new", "submitted", "open", "partially_filled", "unknown"].includes(order.status)) {
          buttons.push(ui.command("Cancel the order", "The exchange is asked to cancel the order of " +
            id + "; what is executed stays executed.", "/api/cancel", { id }, answer, "danger"));
        }
        if (["unknown", "not_found"].includes(order.status)) {
          buttons.push(ui.command("It was never placed", "You have looked at MEXC and the order of " +
            id + " is not there: it is closed as not placed.", "/api/resolve",
            { id, not_placed: true }, answer, "danger"));
          buttons.push(field, el("button", { type: "button", onclick: async ({ currentTarget }) => {
            const placed = field.value.trim();
            const text = "The order of " + id + " is said to be " + placed + " at MEXC, which is " +
              "asked about it.";
            if (placed && await ui.confirm("It was placed?", text, "It was placed")) {
              await ui.held(currentTarget,
                () => ui.say(answer, () => ui.api("/api/resolve", { id, placed })));
            }
          } }, "It was placed under this ID"));
        }
        return el("p", { class: "buttons" }, ...buttons);
      }

      // They stay while the same may be done: somebody may be typing in them.
      function showControls(order) {
        const status = order ? order.status : "none";
        if (status === controlStatus) return;
        controlStatus = status;
        controlPlace.replaceChildren(...[controls(order)].filter(Boolean));
      }

      function timeline(entries) {
        if (!entries.length) return el("p", { class: "quiet" }, "Its history is not kept any more.");
        return el("ol", { class: "timeline" }, ...entries.map((entry) =>
          el("li", {}, time(entry.at), entry.text)));
      }

      function raw(signal) {
        return signal.raw === undefined ? null : el("details", {},
          el("summary", {}, "The signal as it came"), el("pre", {}, signal.raw));
      }

      async function load() {
        const place = byId("story");
        try {
          const story = await ui.api("/api/signals/" + encodeURIComponent(id));
          head.replaceChildren(headline(story));
          showControls(story.order);
          rest.replaceChildren(...[facts(story), el("h2", {}, "What happened"),
            timeline(story.timeline), raw(story.signal)].filter(Boolean));
          if (!head.isConnected) place.replaceChildren(head, controlPlace, rest);
        } catch (problem) {
          place.replaceChildren(notice("bad", problem.code === "not_found" ? "There is no such signal"
            : "It cannot be shown now", problem.message));
        }
        place.setAttribute("aria-busy", "false");
      }

      byId("story").after(answer);
      live.on("history", (event) => {
        if (event.signal_id !== id || timer !== null) return;
        timer = setTimeout(() => {
          timer = null;
          load();
        }, 200);
      });
      load();
    })();
    """#
}
