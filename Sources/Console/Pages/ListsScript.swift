/// Signals and orders.
enum ListsScript {
  static let text = #"""
    "use strict";
    // Signals or orders: filtered and paged by the console, sorted here within the page.
    (() => {
      const { byId, el, shown, time, words } = ui;
      const isOrders = ui.page.page === "orders";
      const path = isOrders ? "/api/orders" : "/api/signals";
      const idOf = (row) => (isOrders ? row.signal_id : row.id);
      const link = (row) => el("a", { href: "/signals/" + encodeURIComponent(idOf(row)) }, idOf(row));
      const amount = (row) => (row.quantity ? row.quantity : shown(row.quote_quantity) + " quote");
      const pageSize = 100;
      const columns = isOrders ? [
        ["Created", (row) => time(row.created_at), (row) => row.created_at],
        ["Signal", link, idOf],
        ["Symbol", (row) => row.symbol], ["Side", (row) => row.side],
        ["Type", (row) => words(row.type)],
        ["Amount", amount, amount, true], ["Price", (row) => shown(row.price), null, true],
        ["Status", (row) => words(row.status)],
        ["Executed", (row) => shown(row.executed_quantity), null, true],
        ["Average", (row) => shown(row.average_price), null, true],
        ["Reason", (row) => shown(row.reason)],
      ] : [
        ["Received", (row) => time(row.received_at), (row) => row.received_at],
        ["Signal", link, idOf],
        ["Symbol", (row) => row.symbol], ["Side", (row) => row.side],
        ["Type", (row) => words(row.type)],
        ["State", (row) => words(row.order_status || row.decision)],
        ["Executed", (row) => shown(row.executed_quantity), null, true],
        ["Average", (row) => shown(row.average_price), null, true],
        ["Message", (row) => shown(row.message)],
      ];
      let rows = [];
      let before = null;
      // What `before` was for the rows that are shown; undefined while none are.
      let shownBefore;
      let sort = { column: 0, isUp: false };
      let timer = null;
      let isLoading = false;
      // The same question again would get the same answer.
      const isFinal = ["no_session", "invalid_request", "not_found"];

      const form = byId("filter");
      const table = byId("list");
      for (const [name, value] of new URLSearchParams(location.search)) {
        const field = form.elements[name];
        if (field && field.type === "checkbox") field.checked = value === "true";
        else if (field) field.value = value;
      }

      function query() {
        const words = new URLSearchParams();
        for (const [name, value] of new FormData(form)) if (value) words.set(name, value);
        return words;
      }

      const order = new Intl.Collator(undefined, { numeric: true });

      // Exact: no number is made of an amount.
      function byAmount(one, other) {
        const digits = (text) => text.split(" ")[0].split(".");
        const [[whole, part = ""], [otherWhole, otherPart = ""]] = [digits(one), digits(other)];
        const length = Math.max(part.length, otherPart.length);
        const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
        return whole.length - otherWhole.length || compare(whole, otherWhole) ||
          compare(part.padEnd(length, "0"), otherPart.padEnd(length, "0"));
      }

      function sorted() {
        const [, cell, key, isNumber] = columns[sort.column];
        if (sort.column === 0) return sort.isUp ? [...rows].reverse() : rows;
        const text = (row) => String((key || cell)(row));
        const isNone = (text) => isNumber && text.startsWith("–");
        return [...rows].sort((a, b) => {
          const [one, other] = [text(a), text(b)];
          if (isNone(one) || isNone(other)) return isNone(one) - isNone(other);
          return (isNumber ? byAmount : order.compare)(one, other) * (sort.isUp ? 1 : -1);
        });
      }

      function showHead() {
        table.tHead.replaceChildren(el("tr", {}, ...columns.map(([name, , , isNumber], index) => {
          const kind = index !== sort.column ? "none" : sort.isUp ? "ascending" : "descending";
          return el("th", { scope: "col", class: isNumber ? "number" : null, "aria-sort": kind },
            el("button", { type: "button", onclick: () => {
              sort = { column: index, isUp: index === sort.column ? !sort.isUp : true };
              show();
              table.tHead.querySelectorAll("button")[index].focus();
            } }, name));
        })));
      }

      function show() {
        showHead();
        const body = sorted().map((row) => el("tr", {}, ...columns.map(([name, cell, , isNumber]) =>
          el("td", { class: isNumber ? "number" : null, "data-name": name }, cell(row)))));
        const empty = el("tr", {}, el("td", { colspan: columns.length },
          before === null && query().size === 0
            ? "There are none yet: drop a signal, and it shows here." : "There are none here."));
        table.tBodies[0].replaceChildren(...(body.length ? body : [empty]));
        table.setAttribute("aria-busy", "false");
        byId("older").disabled = rows.length < pageSize;
        byId("newest").disabled = before === null;
        byId("place").textContent = rows.length === 0 ? "" :
          rows.length + (before === null ? " newest, shown live" : " older ones");
      }

      async function load() {
        if (isLoading) return later();
        isLoading = true;
        const words = query();
        const asked = before;
        words.set("limit", pageSize);
        if (asked !== null) words.set("before", asked);
        try {
          rows = (await ui.api(path + "?" + words)).items;
          shownBefore = asked;
          byId("problem").textContent = "";
          if (before === asked) show();
        } catch (problem) {
          byId("problem").textContent = problem.message;
          table.setAttribute("aria-busy", "false");
          // Who wants the newest, or a filter's, is not taken back to the page of before.
          if (asked !== null && before === asked && shownBefore !== undefined) {
            before = shownBefore;
            show();
          }
          if (!isFinal.includes(problem.code)) later(2000);
        } finally {
          isLoading = false;
        }
      }

      // A burst of events is one look.
      function later(delay = 300) {
        if (timer === null) timer = setTimeout(() => {
          timer = null;
          load();
        }, delay);
      }

      form.addEventListener("submit", (event) => {
        event.preventDefault();
        before = null;
        const text = query().toString();
        history.replaceState(null, "", text ? "?" + text : location.pathname);
        load();
      });
      byId("older").addEventListener("click", () => {
        before = idOf(rows[rows.length - 1]);
        load();
      });
      byId("newest").addEventListener("click", () => {
        before = null;
        load();
      });
      live.on("history", () => {
        if (before === null) later();
      });
      live.on("reset", () => later());
      load();
    })();
    """#
}
