/// Events as they happen.
enum LiveScript {
  static let text = #"""
    "use strict";
    // What happens, as it happens. The browser comes back by itself, and says which event it saw last.
    const live = (() => {
      const listeners = { status: [], history: [], reset: [], lost: [] };
      const line = ui.byId("connection");
      const mode = ui.byId("mode");
      // The state comes every two seconds, or later by what a daemon takes that hardly answers.
      const statusTimeout = 10000;
      let last = null;
      let source = null;
      let isReady = false;
      let statusTimer = null;
      let lastStatusAt = null;

      function state(text, isLost) {
        if (line.textContent === text) return;
        line.textContent = text;
        line.className = isLost ? "lost" : "";
      }

      function tell(name, value) {
        for (const listener of listeners[name]) listener(value);
      }

      // What is shown of the daemon may not hold any more.
      function lose(text) {
        state(text, true);
        mode.textContent = "";
        tell("lost", lastStatusAt);
      }

      function close() {
        clearTimeout(statusTimer);
        if (source !== null) source.close();
        source = null;
      }

      // A connection that is half open ends without an error.
      function awaitStatus() {
        clearTimeout(statusTimer);
        statusTimer = setTimeout(() => {
          lose("connection lost, trying again …");
          connect();
        }, statusTimeout);
      }

      function takeStatus(status) {
        awaitStatus();
        lastStatusAt = new Date().toISOString();
        const isAway = status.error !== undefined;
        state(isAway ? "daemon does not answer" : "live", isAway);
        mode.textContent = isAway ? "" : ui.modes[status.mode];
        tell("status", status);
      }

      function connect() {
        close();
        const own = new EventSource("/api/events" + (last === null ? "" : "?after=" + last));
        source = own;
        awaitStatus();
        // What a closed one still brings is not taken.
        const on = (name, act) => own.addEventListener(name, (event) => {
          if (own === source) act(event);
        });
        on("status", (event) => takeStatus(JSON.parse(event.data)));
        on("history", (event) => {
          last = event.lastEventId;
          tell("history", JSON.parse(event.data));
        });
        on("reset", () => {
          last = null;
          tell("reset", null);
        });
        on("error", async () => {
          lose("connection lost, trying again …");
          // A browser gives up on an answer that is no stream: the session may be over.
          if (own.readyState !== EventSource.CLOSED) return;
          try {
            await ui.api("/api/session");
          } catch (problem) {
            if (problem.code === "no_session" && own === source) return close();
          }
          setTimeout(() => {
            if (own === source) connect();
          }, 2000);
        });
      }

      // A browser has six connections to one place: a page that nobody sees gives its own back.
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) {
          close();
        } else if (source === null && isReady) {
          lose("connecting …");
          connect();
        }
      });

      // By then the page's own script listens, too: it would miss what came before.
      document.addEventListener("DOMContentLoaded", () => {
        isReady = true;
        if (!document.hidden) connect();
      });
      return { on: (name, listener) => listeners[name].push(listener) };
    })();
    """#
}
