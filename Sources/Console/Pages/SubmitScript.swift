/// The form that makes a signal.
enum SubmitScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, notice, shown, words } = ui;
      const form = byId("signal");
      const answer = byId("answer");

      // Amounts stay texts: no number is ever made of them here.
      function signal() {
        const fields = {};
        for (const [name, value] of new FormData(form)) {
          const text = value.trim();
          if (!text) continue;
          fields[name] = name === "ttl_seconds" && /^[0-9]+$/.test(text) ? Number(text) : text;
        }
        return fields;
      }

      const show = () => {
        byId("json").textContent = JSON.stringify(signal(), null, 2);
      };

      function report(kind, title, ...lines) {
        answer.replaceChildren(notice(kind, title, ...lines));
      }

      async function attempt(work) {
        if (!form.reportValidity()) return;
        try {
          await work();
        } catch (problem) {
          report("bad", "Not done", problem.message);
        }
      }

      async function check() {
        const said = await ui.api("/api/check", signal());
        report(said.ok ? "good" : "bad", said.ok ? "It would be taken"
          : "It would be refused: " + words(said.code), said.message,
        ...(said.checks ? ["Checks: " + said.checks] : []),
        ...(said.not_judged ? ["Not judged: " + said.not_judged + "."] : []));
      }

      async function send() {
        const fields = signal();
        const what = [fields.side, fields.quantity || fields.quote_quantity + " quote of",
          fields.symbol, fields.price ? "at " + fields.price : "at the market's price"].join(" ");
        if (!(await ui.confirm("Send it?", "The daemon takes it as any other signal, and may place an " +
          "order: " + what + ".", "Send it"))) return;
        const said = await ui.api("/api/submit", fields);
        const isGood = said.status !== "rejected";
        report(isGood ? "good" : "bad", words(said.status) + (said.code !== said.status
          ? " (" + words(said.code) + ")" : ""), said.message);
        if (isGood && said.id) answer.append(el("p", {},
          el("a", { href: "/signals/" + encodeURIComponent(said.id) }, "Follow its story")));
      }

      form.elements.id.value = "console-" + new Date().toISOString().replaceAll(/[^0-9]/g, "");
      form.addEventListener("input", show);
      form.addEventListener("submit", (event) => event.preventDefault());
      byId("check").addEventListener("click", () => attempt(check));
      byId("send").addEventListener("click", () => attempt(send));
      if (!ui.mayControl) {
        byId("send").disabled = true;
        byId("send").after(el("span", { class: "quiet" },
          "The console only looks: console.control is false."));
      }
      show();
    })();
    """#
}
