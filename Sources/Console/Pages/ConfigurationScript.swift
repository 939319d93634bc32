/// What holds, and the API key.
enum ConfigurationScript {
  static let text = #"""
    "use strict";
    (() => {
      const { byId, el, notice, shown } = ui;
      const form = byId("credentials");
      const text = (value) => (typeof value === "string" ? value : JSON.stringify(value));
      let keys = [];

      function showKeys() {
        const only = byId("only-changed").checked;
        byId("keys").tBodies[0].replaceChildren(...keys.filter((key) => !only || !key.is_default)
          .map((key) => el("tr", { class: key.is_default ? null : "changed" },
            el("td", { "data-name": "Key" }, el("code", {}, key.key),
              key.is_default ? null : " (changed)"),
            el("td", { "data-name": "Value" }, text(key.value)),
            el("td", { "data-name": "Default" }, text(key.default)),
            el("td", { "data-name": "Meaning" }, key.meaning +
              (key.reloads ? " Taken over by a reload." : "")))));
        byId("keys").setAttribute("aria-busy", "false");
      }

      async function load() {
        try {
          const report = await ui.api("/api/configuration");
          keys = report.keys;
          byId("file").textContent = "The file " + report.file + ", as it is now; the daemon takes " +
            "over what is marked so with 'systemctl reload mexc-signald', and the rest when it starts.";
          byId("faults").replaceChildren(report.ok
            ? notice("good", "Nothing is wrong in the file")
            : notice("bad", "The file has faults: the daemon would not start with it",
              ...report.violations));
          showKeys();
        } catch (problem) {
          byId("faults").replaceChildren(notice("bad", "It cannot be read", problem.message));
        }
      }

      function stage(one) {
        return el("li", {}, el("strong", { class: one.ok ? "good-text" : "bad-text" },
          (one.ok ? "✓ " : "✗ ") + one.stage + (one.ok ? ": good" : ": not good")),
        el("div", {}, one.detail), one.advice ? el("div", {}, "To do: " + one.advice) : null);
      }

      async function test(fields) {
        byId("answer").replaceChildren(notice("", "Testing …",
          "Nothing is placed, and nothing is written."));
        const report = await ui.api("/api/credentials/test", fields);
        byId("stages").replaceChildren(...report.stages.map(stage));
        byId("answer").replaceChildren(report.ok
          ? notice("good", "Key and secret are good")
          : notice("bad", "Key and secret are not good as they are", "The stages below say why."));
      }

      async function save(fields) {
        if (!(await ui.confirm("Write them?", "The key and secret in the credentials file are " +
          "replaced by these, encrypted. The daemon uses them from its next start or reload on. If " +
        "its database was used with another key, it asks first for your word that this one is of " +
        "the same account: 'mexc-signalctl adopt --renewed-key', or 'adopt' while it does not run.",
        "Write them"))) return;
        const passphrase = form.elements.passphrase.value;
        if (passphrase) fields.passphrase = passphrase;
        const done = await ui.api("/api/credentials", fields);
        form.reset();
        byId("answer").replaceChildren(notice("good", "Written", done.message));
      }

      form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const fields = { apiKey: form.elements.apiKey.value.trim(),
          secretKey: form.elements.secretKey.value.trim() };
        byId("stages").replaceChildren();
        const isSave = event.submitter && event.submitter.value === "save";
        for (const button of form.querySelectorAll("button")) button.disabled = true;
        try {
          await (isSave ? save(fields) : test(fields));
        } catch (problem) {
          byId("answer").replaceChildren(ui.failure(problem, "To write the same ones again is safe."));
          if (problem.code === "passphrase_needed") byId("passphrase").hidden = false;
        }
        for (const button of form.querySelectorAll("button")) button.disabled = false;
      });

      byId("save").hidden = !ui.mayControl;
      byId("only-changed").addEventListener("change", showKeys);
      live.on("status", (status) => {
        if (status.error) return;
        const key = status.api_key;
        byId("key-state").textContent = !key ? "The daemon says nothing of its API key."
          : "The daemon's key: " + (key.expires === false ? "does not expire"
            : key.days_left === null ? "when it expires is not told" : key.days_left + " days left") +
            (key.permissions ? "; it may " + key.permissions.join(", ").replaceAll("_", " ") : "") +
            ".";
      });
      load();
    })();
    """#
}
