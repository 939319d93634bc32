/// Events as they happen.
enum LiveScript {
  static let text = #"""
    "use strict";
    // What happens, as it happens. The browser comes back by itself, and says which event it saw last.
    const live = (() => {
      const listeners = { status: [], history: [], reset: [] };
      const line = ui.byId("connection");
      let last = null;
      let source = null;
      let isReady = false;

      function state(text, isLost) {
        if (line.textContent === text) return;
        line.textContent = text;
        line.className = isLost ? "lost" : "";
      }

      function tell(name, value) {
        for (const listener of listeners[name]) listener(value);
      }

      function connect() {
        source = new EventSource("/api/events" + (last === null ? "" : "?after=" + last));
        source.addEventListener("status", (event) => {
          const status = JSON.parse(event.data);
          const isAway = status.error !== undefined;
          state(isAway ? "daemon does not answer" : "live", isAway);
          tell("status", status);
        });
        source.addEventListener("history", (event) => {
          last = event.lastEventId;
          tell("history", JSON.parse(event.data));
        });
        source.addEventListener("reset", () => {
          last = null;
          tell("reset", null);
        });
        source.addEventListener("error", async () => {
          state("connection lost, trying again …", true);
          // A browser gives up on an answer that is no stream: the session may be over.
          if (source === null || source.readyState !== EventSource.CLOSED) return;
          try {
            await ui.api("/api/session");
          } catch (problem) {
            if (problem.code === "no_session") return;
          }
          setTimeout(() => {
            if (source !== null && !document.hidden) connect();
          }, 2000);
        });
      }

      // A browser has six connections to one place: a page that nobody sees gives its own back.
      document.addEventListener("visibilitychange", () => {
        if (document.hidden) {
          if (source !== null) source.close();
          source = null;
        } else if (source === null && isReady) {
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
