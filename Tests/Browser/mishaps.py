"""What a person sees when an answer is lost, a connection brings nothing, or a page is late."""

import json

from machine import until

# Every stream of the page, and whether what was to happen two seconds after a fault has happened.
STREAMS = """
    window.streams = [];
    window.EventSource = class extends EventSource {
      constructor(...all) {
        super(...all);
        window.streams.push(this);
      }
    };
    const wait = window.setTimeout.bind(window);
    window.setTimeout = (act, time, ...all) => wait(() => {
      act();
      if (time === 2000) window.hasTriedAgain = true;
    }, time, ...all);
"""
# Answers of the console, by the beginning of their paths.
ANSWERS = """
    const answers = %s;
    const ask = window.fetch.bind(window);
    window.fetch = (path, ...all) => {
      const start = Object.keys(answers).find((start) => String(path).startsWith(start));
      if (!start) return ask(path, ...all);
      return Promise.resolve(new Response(JSON.stringify(answers[start])));
    };
"""


class Mishaps:
    """Of a `Person`."""

    def before(self, script, path):
        """Opens the page with something that runs before its own scripts."""
        added = self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": script})
        self.open(path)
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    def value(self, selector):
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.value;", selector)

    def lost_answer(self):
        """A signal whose answer was lost keeps its id, also over a reload: it is one order."""
        self.open("/submit")
        assert self.value("[name=id]").startswith("console-")
        for name, value in [("id", "once"), ("symbol", "BTCUSDT"), ("quantity", "0.001"),
                            ("price", "64000")]:  # fmt: skip
            self.type(f"#signal [name={name}]", value)
        self.sees("live: real orders", at="#mode")
        self.programs.pause("mexc-signald")
        self.press("Send it")
        self.agree("in the mode live: real orders")
        self.sees("Not known whether it was done", "with the same id", at="#answer")
        assert "Not done" not in self.text("#answer")
        self.programs.kill("mexc-console")
        self.sees("connection lost", at="#connection")
        self.press("Send it")
        self.agree("may place an order", "in a mode that is not known now")
        self.sees("Not known whether it was done", "does not answer", at="#answer")
        self.programs.start_console()
        self.open("/submit")
        self.sees("no final answer", at="#answer")
        assert self.value("[name=id]") == "once", self.value("[name=id]")
        self.programs.go_on("mexc-signald")
        self.press("Send it")
        self.agree("may place an order")
        self.sees("duplicate", at="#answer")
        self.open("/submit")
        assert self.value("[name=id]").startswith("console-")

    def kept_signals(self):
        """A signal without an answer is kept until one tells of its id, for this console alone."""
        self.open("/submit")
        for name, value in [("symbol", "BTCUSDT"), ("quantity", "0.001"), ("price", "64000")]:
            self.type(f"#signal [name={name}]", value)
        unread = {"ok": False, "status": "rejected", "code": "invalid_field", "message": "no"}
        refused = {"ok": False, "status": "duplicate", "code": "duplicate", "id": "kept",
                   "message": "it came before and was refused"}  # fmt: skip
        for name, answer, seen in [
            ("kept", None, "Not known whether it was done"),
            ("kept", unread, "invalid field"),
            ("other", None, "Not known whether it was done"),
            ("never-sent", unread, "invalid field"),
        ]:
            self.type("#signal [name=id]", name)
            self.driver.execute_script("""
                const [answer] = arguments;
                document.querySelector("#answer").replaceChildren();
                window.fetch = () => (answer === null ? Promise.reject(new TypeError("away"))
                  : Promise.resolve(new Response(JSON.stringify(answer))));""", answer)
            self.press("Send it")
            self.agree("may place an order")
            self.sees(seen, at="#answer")
        self.before(ANSWERS % json.dumps({"/api/submit": refused}), "/submit")
        self.sees("no final answer", "others without an answer: other.", at="#answer")
        assert self.value("[name=id]") == "kept", self.value("[name=id]")
        self.press("Send it")
        self.agree("may place an order")
        self.sees("duplicate", "was refused", "Follow its story", at="#answer")
        self.find("#answer .notice.bad")
        self.open("/submit")
        assert self.value("[name=id]") == "other", self.value("[name=id]")
        self.driver.execute_script("""
            for (const [key, value] of Object.entries(sessionStorage)) {
              sessionStorage.removeItem(key);
              sessionStorage.setItem(key.replace(document.body.dataset.console, "another"), value);
            }""")
        self.open("/submit")
        assert self.value("[name=id]").startswith("console-")

    def refusal(self):
        """It says itself what holds: a halt may hold that could not be written down."""
        self.open("/signals/first")
        self.driver.execute_script(
            "ui.say(ui.byId('banner'), () => ui.api('/api/cancel', { id: 'first' }));")
        until("the refusal", lambda: self.text("#banner .headline"))
        assert "Not done" not in self.text("#banner")
        self.driver.execute_script("""
            window.fetch = () => Promise.resolve(new Response("<html>"));
            ui.say(ui.byId("banner"), () => ui.api("/api/halt", {}));""")
        self.sees("Not known whether it was done", at="#banner .headline")

    def no_status(self):
        """A console that only holds its connections is not taken for a daemon that trades."""
        self.open("/")
        self.sees("Trading live", at="#verdict")
        self.programs.pause("mexc-console")
        self.sees("Not known: no connection to the console since", at="#verdict")
        self.sees("connection lost", at="#connection")
        assert self.text("#mode") == ""
        self.programs.go_on("mexc-console")
        self.sees("Trading live", at="#verdict")
        self.sees("live: real orders", at="#mode")

    def one_stream(self):
        """A page that is hidden and shown while it waits to try again keeps one stream."""
        self.before(STREAMS, "/")
        self.sees("live", at="#connection")
        self.driver.execute_script("""
            const source = window.streams.at(-1);
            Object.defineProperty(source, "readyState", { value: EventSource.CLOSED });
            source.dispatchEvent(new Event("error"));""")
        self.sees("connection lost", at="#connection")
        self.driver.execute_script("""
            for (const isHidden of [true, false]) {
              Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
              document.dispatchEvent(new Event("visibilitychange"));
            }""")
        until("the second try", lambda: self.driver.execute_script("return window.hasTriedAgain;"))
        self.sees("live", at="#connection")
        count = self.driver.execute_script(
            "return window.streams.filter((one) => one.readyState !== EventSource.CLOSED).length;")
        assert count == 1, count

    def amounts(self):
        """In the order of their worth, the ones that are not there last."""
        worth = {"c": "0.9", "b": "0.15", "f": "10.5", "e": "2.5", "a": "0.05", "d": "2.05", "g": None}
        orders = [{"signal_id": name, "symbol": "BTCUSDT", "side": "buy", "type": "limit",
                   "quantity": value, "price": value, "status": "filled", "average_price": value,
                   "executed_quantity": value} for name, value in worth.items()]  # fmt: skip
        self.before(ANSWERS % json.dumps({"/api/orders": {"items": orders}}), "/orders")
        until("the rows", lambda: len(self.ids()) == len(worth))
        for column in (6, 7, 9, 10):
            for wanted in ("abcdefg", "fedcbag"):
                self.click(f"#list th:nth-child({column}) button")
                assert "".join(self.ids()) == wanted, (column, self.ids())

    def newest_fails(self):
        """Whoever wants the newest page comes to it, if not at once."""
        self.open("/signals")
        newest = self.rows("first")
        self.press("Older")
        until("another page", lambda: self.ids() and self.ids()[0] not in newest)
        self.driver.execute_script("""
            const ask = window.fetch.bind(window);
            window.hasFailed = false;
            window.fetch = (path, ...all) => {
              if (window.hasFailed || !String(path).startsWith("/api/signals")) return ask(path, ...all);
              window.hasFailed = true;
              return Promise.reject(new TypeError("away"));
            };""")
        self.press("Newest")
        until("the failure", lambda: self.driver.execute_script("return window.hasFailed;"))
        until("the newest page", lambda: self.ids() == newest)
        self.sees("newest, shown live", at="#place")

    def older_fails(self):
        """A list whose older page does not come goes on as it was."""
        self.open("/signals")
        self.rows("first")
        self.driver.execute_script("""
            const ask = window.fetch.bind(window);
            window.fetch = (path, ...all) => String(path).includes("before=")
              ? Promise.reject(new TypeError("away")) : ask(path, ...all);""")
        self.press("Older")
        until("a reason", lambda: self.text("#problem"))
        self.sees("newest, shown live", at="#place")
        self.programs.drop("after-older")
        self.rows("after-older")
        until("no reason", lambda: not self.text("#problem"))

    def typing(self):
        """What is typed in for an order in doubt stays while its story goes on."""
        signal = {"id": "doubt", "received_at": "2026-01-01T00:00:00.000Z", "origin": "file doubt.json",
                  "side": "buy", "symbol": "BTCUSDT", "type": "limit", "decision": "accepted"}  # fmt: skip
        story = {"signal": signal, "order": {"status": "unknown"}, "timeline": []}
        self.before(STREAMS + ANSWERS % json.dumps({"/api/signals/doubt": story}), "/signals/doubt")
        self.sees("The order is unknown")
        self.sees("live", at="#connection")
        self.use("#story input", lambda one: one.send_keys("C02__"))
        self.driver.execute_script("""
            document.querySelector("#story dl").dataset.isOld = "";
            window.streams.at(-1).dispatchEvent(new MessageEvent("history", {
              data: JSON.stringify({ signal_id: "doubt" }), lastEventId: "1" }));""")
        self.find("#story dl:not([data-is-old])")
        assert self.value("#story input") == "C02__"
        self.driver.switch_to.active_element.send_keys("7")
        assert self.value("#story input") == "C02__7"

    def careful(self):
        """A daemon without its database looks for every signal, until a person ends that."""
        self.programs.lose_database()
        self.open("/")
        self.sees("careful start since", at="#verdict")
        self.press("End the careful start")
        self.agree("an order may leave")
        until("an end of it", lambda: "End the careful start" not in self.text("#controls"))
        assert "careful start" not in self.text("#verdict")
        assert "Halt" in self.text("#controls")
