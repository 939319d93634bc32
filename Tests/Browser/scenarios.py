"""What a person does at the console, in a real browser."""

import os
import time

from accessibility import findings, focus_order
from machine import KEY, PATIENCE, SECRET, until
from mishaps import Mishaps
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

PAGES = [
    ("overview", "/"), ("signals", "/signals"), ("orders", "/orders"), ("story", "/signals/first"),
    ("charts", "/charts"), ("config", "/config"), ("submit", "/submit"),
]  # fmt: skip
# A wide screen, one at 200 %, a telephone.
WIDTHS = [1280, 640, 360]


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     "--no-proxy-server", "--disable-background-networking"):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    from selenium.webdriver.chrome.service import Service
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Person(Mishaps):
    def __init__(self, programs, screenshots):
        self.programs = programs
        self.screenshots = screenshots
        self.driver = browser()

    def close(self):
        self.driver.quit()

    # What a person sees and does.

    def open(self, path):
        self.driver.get(self.programs.address + path)

    def wait(self, condition):
        """What is found may be replaced before it is used: then it is found again."""
        wait = WebDriverWait(
            self.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException])
        return wait.until(condition)

    def find(self, selector):
        return self.wait(lambda driver: driver.find_element(By.CSS_SELECTOR, selector))

    def use(self, selector, act):
        self.wait(lambda driver: (act(driver.find_element(By.CSS_SELECTOR, selector)), True))

    def click(self, selector):
        self.use(selector, lambda one: one.click())

    def choose(self, selector, value):
        self.use(selector, lambda one: Select(one).select_by_value(value))

    def type(self, selector, text):
        self.use(selector, lambda one: (one.clear(), one.send_keys(text)))

    def attribute(self, selector, name):
        """Of the moment, as `text`."""
        return self.driver.execute_script(
            "return document.querySelector(arguments[0])?.getAttribute(arguments[1]);",
            selector, name)  # fmt: skip

    def body(self):
        return self.driver.find_element(By.TAG_NAME, "body")

    def text(self, selector="body"):
        """Of the moment: what is found may be replaced before it is read."""
        return self.driver.execute_script(
            "const node = document.querySelector(arguments[0]); return node ? node.innerText : '';",
            selector)

    def sees(self, *texts, at="body"):
        for text in texts:
            until(f"'{text}' in {at}", lambda text=text: text in self.text(at))

    def press(self, label, within="main"):
        path = f"//{within}//button[normalize-space()='{label}' and not(@disabled)]"

        def pressed(driver):
            shown = [one for one in driver.find_elements(By.XPATH, path) if one.is_displayed()]
            for one in shown[:1]:
                one.click()
            return bool(shown)

        self.wait(pressed)

    def agree(self, *texts):
        self.sees(*texts, at="#confirm[open]")
        self.click("#confirm[open] #confirm-yes")

    def shoot(self, name):
        if self.screenshots:
            self.driver.save_screenshot(os.path.join(self.screenshots, name + ".png"))

    def complaints(self):
        """What the browser says went wrong: a blocked part, a script's error."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and "favicon" not in entry["message"]]  # fmt: skip

    def log_in(self):
        self.driver.get(self.programs.link())
        self.sees("Trading live", at="#verdict")
        assert "code=" not in self.driver.current_url, self.driver.current_url

    # What must hold.

    def stranger(self):
        self.open("/")
        self.sees("No session", "mexc-signalctl console")

    def signals(self):
        self.open("/signals")
        self.sees("drop a signal", at="#list")
        self.programs.drop("first")
        self.rows("first")
        self.sees("filled", at="#list")
        self.open("/orders")
        self.rows("first")
        self.sees("filled", at="#list")
        self.click("#list tbody a")
        self.sees("The order is filled", "received from file", "price it was judged by")

    def events(self):
        self.open("/")
        self.sees("first", at="#events")
        self.programs.drop("second", price="63900")
        self.sees("second", at="#events")
        until("one open order", lambda: "open\n1" in self.text("#orders"))

    def listens(self):
        """The stream begins when every script of the page has run: an event before would be lost."""
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
            document.addEventListener("DOMContentLoaded", () => { window.haveRun = true; });
            window.EventSource = class extends EventSource {
              constructor(...all) {
                super(...all);
                window.hadRun = window.haveRun === true;
              }
            };"""})  # fmt: skip
        self.open("/")
        self.sees("live", at="#connection")
        assert self.driver.execute_script("return window.hadRun;") is True
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    def halt(self):
        self.open("/")
        self.press("Halt")
        self.agree("No new order leaves")
        self.sees("Not trading (halted)", at="#verdict")
        self.shoot("halted")
        self.press("Resume")
        self.agree("Signals are taken again")
        self.sees("Trading live", at="#verdict")
        self.press("Reduce only")
        self.agree("No buy leaves")
        self.sees("Reducing: sells leave, buys do not", at="#verdict")
        self.press("Resume")
        self.agree("Signals are taken again")
        self.sees("Trading live", at="#verdict")

    def cancel(self):
        self.open("/signals/second")
        self.press("Cancel the order")
        self.agree("The exchange is asked to cancel")
        self.sees("The order is canceled")

    def keys(self):
        self.open("/config")
        self.sees("Nothing is wrong in the file", "risk.symbols")
        for secret, texts in [
            (SECRET[::-1], ["format: good", "connectivity: good", "authentication: not good"]),
            (SECRET + " x", ["format: not good", "To do:"]),
            (SECRET, ["format: good", "authentication: good", "permissions: good"]),
        ]:
            for name, value in [("apiKey", KEY), ("secretKey", secret)]:
                self.type(f"[name={name}]", value)
            self.press("Test")
            self.sees(*texts, at="#stages")
        assert SECRET not in self.text(), "the secret is shown"
        self.shoot("stages")
        self.press("Write it for the daemon")
        self.agree("are replaced by these")
        self.sees("give the one that the daemon uses", at="#answer")
        self.type("[name=passphrase]", "open sesame")
        self.press("Write it for the daemon")
        self.agree("are replaced by these")
        self.sees("Written", at="#answer")
        assert self.find("[name=secretKey]").get_property("value") == ""
        self.click("#only-changed")
        until("what is not its default", lambda: "price.source" not in self.text("#keys"))

    def submit(self):
        self.open("/submit")
        for name, value in [("id", "by-hand"), ("symbol", "BTCUSDT"), ("quantity", "0.00100"),
                            ("price", "64000")]:  # fmt: skip
            self.type(f"#signal [name={name}]", value)
        # As it was typed: no number was made of it.
        self.sees('"quantity": "0.00100"', at="#json")
        self.press("Check it")
        self.sees("It would be taken", at="#answer")
        self.press("Send it")
        self.agree("may place an order")
        self.sees("accepted", at="#answer")
        self.click("#answer a")
        self.sees("The order is filled")

    def charts(self):
        self.open("/charts")
        self.find("#figures[data-ready=true]")
        assert len(self.driver.find_elements(By.CSS_SELECTOR, "svg.chart rect")) > 0
        self.click("#figures details summary")
        self.sees("filled", at="#figures details[open]")
        self.choose("[name=hours]", "1")
        self.sees("3 signals", at="#summary")

    def many(self):
        """A hundred thousand rows: the last page comes like the first."""
        self.programs.kill("mexc-signald")
        self.programs.repeat_signal("first", 100_000)
        self.programs.start_daemon()
        self.open("/signals")
        first = self.rows("first")
        began = time.monotonic()
        self.press("Older")
        until("another page", lambda: self.ids() and self.ids()[0] not in first)
        print(f"  the second page of 100,000 signals after {time.monotonic() - began:.2f} s")
        assert not set(first) & set(self.ids())
        self.press("Newest")
        until("the first page", lambda: self.ids() == first)
        self.click("#list th:nth-child(2) button")
        until("the order by id",
              lambda: self.attribute("#list th:nth-child(2)", "aria-sort") == "ascending")  # fmt: skip
        self.choose("[name=state]", "canceled")
        self.press("Show")
        until("the one that was cancelled", lambda: self.ids() == ["second"])
        assert "state=canceled" in self.driver.current_url

    def rows(self, wanted):
        """Of the moment in which the wanted one is among them."""
        until(f"the row of {wanted}", lambda: wanted in self.ids())
        return self.ids()

    def ids(self):
        return self.driver.execute_script(
            "return [...document.querySelectorAll('#list tbody a')].map((one) => one.textContent);")

    def daemon_away(self):
        self.open("/")
        self.sees("Trading live", at="#verdict")
        self.programs.kill("mexc-signald")
        self.sees("the daemon does not answer", at="#verdict")
        self.shoot("daemon-away")
        self.open("/signals")
        self.rows("first")
        self.open("/")
        self.programs.start_daemon()
        self.sees("Trading live", at="#verdict")

    def console_away(self):
        self.open("/")
        self.sees("live", at="#connection")
        self.programs.kill("mexc-console")
        self.sees("connection lost", at="#connection")
        self.sees("Not known: no connection to the console since", at="#verdict")
        self.shoot("console-away")
        self.press("Halt")
        self.agree("No new order leaves")
        self.sees("Not known whether it was done")
        self.programs.start_console()
        self.programs.drop("meanwhile")
        self.sees("live", at="#connection")
        self.sees("meanwhile", at="#events")
        self.sees("Trading live", at="#verdict")

    def looks(self):
        """Every page, in both themes and at every width."""
        for theme in ("light", "dark"):
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": theme},
                             {"name": "prefers-reduced-motion", "value": "reduce"}]})  # fmt: skip
            for width in WIDTHS:
                self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                    "width": width, "height": 900, "deviceScaleFactor": 1,
                    "mobile": width == 360})  # fmt: skip
                for name, path in PAGES:
                    self.open(path)
                    self.settled(name)
                    found = findings(self.driver)
                    assert not found, f"{name}, {theme}, {width}: {found}"
                    self.shoot(f"{name}-{theme}-{width}")
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.open("/")
        self.settled("overview")
        order = focus_order(self.driver, Keys, self.body)
        assert order[0] == "Skip to the content", order
        assert order[1:7] == [
            "Overview", "Signals", "Orders", "Charts", "Configuration", "Submit"], order
        assert "Halt" in order, order

    def settled(self, name):
        self.sees("live", at="#connection")
        if name == "overview":
            self.sees("Trading live", at="#verdict")
            self.find("#events li")
        elif name == "charts":
            self.find("#figures[data-ready=true]")
            self.sees("Rate use", at="#figures")
        elif name in ("signals", "orders"):
            self.find("#list[aria-busy=false]")
        elif name == "config":
            self.find("#keys[aria-busy=false]")
        elif name == "story":
            self.find("#story[aria-busy=false]")

    def paint(self):
        """The answer and the first pixels, by the browser's own clock; told and not judged."""
        self.open("/")
        self.sees("Trading live", at="#verdict")
        paint = self.driver.execute_script(
            "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        print(f"  first paint after {paint} ms")

    def end(self):
        self.open("/")
        self.sees("live", at="#connection")
        self.programs.operate("console", "--revoke")
        self.sees("The session is over", at="#banner")
        self.open("/signals")
        self.sees("No session")


SCENARIOS = [
    "stranger", "log_in", "signals", "events", "listens", "halt", "cancel", "keys", "submit", "charts",
    "many", "newest_fails", "older_fails", "amounts", "typing", "looks", "paint", "daemon_away",
    "console_away", "refusal", "one_stream", "no_status", "lost_answer", "kept_signals", "careful", "end",
]  # fmt: skip
# What the browser may complain of: the refusals that a scenario is about.
EXPECTED = [
    "stranger", "keys", "daemon_away", "console_away", "refusal", "no_status", "lost_answer", "careful",
    "end",
]  # fmt: skip


def go(programs, screenshots):
    person = Person(programs, screenshots)
    try:
        for name in SCENARIOS:
            print(name, flush=True)
            try:
                getattr(person, name)()
            except Exception:
                person.shoot("failure-" + name)
                print(person.text()[:2000])
                print("\n".join(person.complaints()))
                raise
            complaints = person.complaints()
            assert name in EXPECTED or not complaints, complaints
    finally:
        person.close()
