/// The form that makes a signal.
enum SubmitScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, notice, shown, words } = ui;
      const form = byId("signal");
      const answer = byId("answer");
      // The tab keeps what was sent until the daemon has answered it: the same id is never acted on twice.
      // It keeps it for this console alone: another daemon's may have the same address later.
      const sentKey = "sent-signals " + ui.page.console;
      const sendAgain = "Send it again with the same id: it is never acted on twice.";
      // A daemon that cannot look the id up tells nothing of what was sent, now or before.
      const untaken = ["storage_unavailable", "shutting_down"];
      // Refused before the id was looked up: it tells nothing of what was sent with that id before.
      const unread = ["invalid_json", "invalid_field", "unknown_field", "too_large", "unreadable_file",
        "unauthenticated"];
      const unknownMode = "in a mode that is not known now";
      let mode = unknownMode;

      // By id, the oldest first.
      const sentSignals = () => new Map(JSON.parse(sessionStorage.getItem(sentKey) || "[]"));

      function changeSent(change) {
        const sent = sentSignals();
        change(sent);
        sessionStorage.setItem(sentKey, JSON.stringify([...sent]));
      }

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

      async function attempt({ currentTarget }, work) {
        if (!form.reportValidity()) return;
        try {
          await ui.held(currentTarget, work);
        } catch (problem) {
          answer.replaceChildren(ui.failure(problem, sendAgain));
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
          "order: " + what + ". The daemon is " + mode + ".", "Send it"))) return;
        const wasSent = sentSignals().has(fields.id);
        const asTyped = Object.fromEntries(new FormData(form));
        changeSent((sent) => sent.set(fields.id, asTyped));
        const said = await ui.api("/api/submit", fields).catch((problem) => {
          // It has not left, and nothing of it is unanswered.
          if (!problem.isUnknown && !wasSent) changeSent((sent) => sent.delete(fields.id));
          throw problem;
        });
        if (!untaken.includes(said.code) && !(wasSent && unread.includes(said.code))) {
          changeSent((sent) => sent.delete(fields.id));
        }
        report(said.ok ? "good" : "bad", words(said.status) + (said.code !== said.status
          ? " (" + words(said.code) + ")" : ""), said.message);
        if (said.id) answer.append(el("p", {},
          el("a", { href: "/signals/" + encodeURIComponent(said.id) }, "Follow its story")));
      }

      const [sent, ...others] = sentSignals().values();
      if (sent) {
        for (const [name, value] of Object.entries(sent)) form.elements[name].value = value;
        report("warn", "This signal has no final answer yet", "It stands here as it was sent. " + sendAgain,
          others.length && "There are others without an answer: " + others.map(({ id }) => id).join(", ") +
            ". Once this one has its answer, open this page again for the next.");
      } else {
        form.elements.id.value = "console-" + new Date().toISOString().replaceAll(/[^0-9]/g, "");
      }
      live.on("status", (status) => {
        mode = status.error ? unknownMode : "in the mode " + ui.modes[status.mode];
      });
      live.on("lost", () => {
        mode = unknownMode;
      });
      form.addEventListener("input", show);
      form.addEventListener("submit", (event) => event.preventDefault());
      byId("check").addEventListener("click", (event) => attempt(event, check));
      byId("send").addEventListener("click", (event) => attempt(event, send));
      if (!ui.mayControl) {
        byId("send").disabled = true;
        byId("send").after(el("span", { class: "quiet" },
          "The console only looks: console.control is false."));
      }
      show();
    })();
    """#
}
