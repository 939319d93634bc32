/// What every page has.
enum CommonScript {
  static let text = #"""
    "use strict";
    // What every page has: elements, the interface, times, and questions to the person.
    const ui = (() => {
      const page = document.body.dataset;
      const token = document.querySelector('meta[name="csrf-token"]').content;
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const clock = new Intl.DateTimeFormat(undefined, {
        year: "numeric", month: "2-digit", day: "2-digit",
        hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
      });

      // What a daemon's mode means, for a person.
      const modes = {
        paper: "paper: no real orders", validate: "validate: orders are checked only",
        live: "live: real orders",
      };

      // `isUnknown`: a command has left, and nobody told what became of it.
      class Problem extends Error {
        constructor(code, message, isUnknown = false) {
          super(message);
          this.code = code;
          this.isUnknown = isUnknown;
        }
      }

      function fill(node, attributes, children) {
        for (const [name, value] of Object.entries(attributes)) {
          if (value === null || value === undefined || value === false) continue;
          if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
          else node.setAttribute(name, value === true ? "" : value);
        }
        node.append(...children.filter((child) => child !== null && child !== undefined));
        return node;
      }

      function el(name, attributes = {}, ...children) {
        return fill(document.createElement(name), attributes, children);
      }

      function svg(name, attributes = {}, ...children) {
        const node = document.createElementNS("http://www.w3.org/2000/svg", name);
        return fill(node, attributes, children);
      }

      const byId = (id) => document.getElementById(id);

      const changesNothing = ["/api/check", "/api/credentials/test"];

      // A question, or with a body a command; what comes back is JSON, and a refusal is a Problem.
      async function api(path, body) {
        const isCommand = body !== undefined && !changesNothing.includes(path);
        const options = { headers: {} };
        if (body !== undefined) {
          options.method = "POST";
          options.headers = { "Content-Type": "application/json", "X-CSRF-Token": token };
          options.body = typeof body === "string" ? body : JSON.stringify(body);
        }
        let response;
        try {
          response = await fetch(path, options);
        } catch {
          throw new Problem("unreachable", "The console does not answer. Is mexc-console running?",
            isCommand);
        }
        if (response.status === 401) {
          sessionIsOver();
          throw new Problem("no_session", "The session is over.");
        }
        const answer = await response.json().catch(() => null);
        if (answer === null || (!response.ok && !answer.error)) {
          throw new Problem("unreadable", "What answered is not the console, or its answer was cut off.",
            isCommand);
        }
        if (!response.ok) throw new Problem(answer.error.code, answer.error.message,
          isCommand && answer.error.code === "no_answer");
        return answer;
      }

      function sessionIsOver() {
        banner("bad", "The session is over.",
          "Run 'mexc-signalctl console' and open the link that it prints.");
        const line = byId("connection");
        line.textContent = "no session";
        line.className = "lost";
      }

      function notice(kind, title, ...lines) {
        return el("div", { class: "notice " + kind }, el("p", { class: "headline" }, title),
          ...lines.filter(Boolean).map((line) => el("p", {}, line)));
      }

      // Why a command failed; `advice` is for who does not know whether it did. A refusal's own words
      // say what holds: a halt may hold although it could not be written down.
      function failure(problem, advice) {
        if (problem.isUnknown) return notice("warn", "Not known whether it was done", problem.message,
          advice);
        if (problem.code === "refused") return notice("warn", problem.message);
        return notice("bad", "Not done", problem.message);
      }

      // What concerns the whole page; without a title it goes.
      function banner(kind, title, ...lines) {
        byId("banner").replaceChildren(...(title ? [notice(kind, title, ...lines)] : []));
      }

      function time(text) {
        if (!text) return "–";
        return el("time", { datetime: text, title: text + " (" + zone + ")" },
          clock.format(new Date(text)));
      }

      const words = (text) => (text ? String(text).replaceAll("_", " ") : "–");
      const shown = (value) =>
        (value === null || value === undefined || value === "" ? "–" : String(value));

      function duration(seconds) {
        if (seconds < 120) return seconds + " s";
        if (seconds < 7200) return Math.floor(seconds / 60) + " min";
        if (seconds < 172800) return Math.floor(seconds / 3600) + " h";
        return Math.floor(seconds / 86400) + " days";
      }

      function terms(list, pairs) {
        list.replaceChildren(...pairs.flatMap(([name, value]) => [
          el("dt", {}, name), el("dd", {}, value instanceof Node ? value : shown(value)),
        ]));
      }

      // Asks once more, and says what will happen.
      function confirm(title, text, yes) {
        const dialog = byId("confirm");
        byId("confirm-title").textContent = title;
        byId("confirm-text").textContent = text;
        byId("confirm-yes").textContent = yes;
        dialog.returnValue = "no";
        dialog.showModal();
        return new Promise((resolve) => {
          dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"),
            { once: true });
        });
      }

      // A button that has been pressed waits for the answer.
      async function held(button, work) {
        button.disabled = true;
        try {
          return await work();
        } finally {
          button.disabled = false;
        }
      }

      // A button that asks, does it, and says what came of it in the place `answer`.
      function command(label, question, path, body, answer, kind = "") {
        return el("button", {
          type: "button", class: kind,
          onclick: async ({ currentTarget }) => {
            if (!(await confirm(label + "?", question, label))) return;
            await held(currentTarget, () => say(answer, () => api(path, body)));
          },
        }, label);
      }

      async function say(place, work) {
        try {
          const done = await work();
          place.replaceChildren(notice("good", "Done", shown(done.message)));
          return done;
        } catch (problem) {
          place.replaceChildren(failure(problem, "Look at the overview before you repeat it."));
          return null;
        }
      }

      byId("zone").textContent = zone;
      byId("logout").addEventListener("click", async () => {
        await api("/api/logout", {}).catch(() => {});
        location.assign("/");
      });

      return {
        api, banner, byId, command, confirm, duration, el, failure, held, modes, notice, page, say,
        sessionIsOver, shown, svg, terms, time, words, zone, mayControl: page.control === "true",
      };
    })();
    """#
}
