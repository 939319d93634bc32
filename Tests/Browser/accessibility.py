"""What a page must have for keyboards, screen readers, telephones and weak eyes, looked at in the page."""

# Each finding is a sentence; none is what is wanted.
CHECK = r"""
const found = [];
const all = (selector) => [...document.querySelectorAll(selector)];
const shown = (node) => node.getClientRects().length > 0;
const name = (node) => (node.getAttribute("aria-label") ||
  (node.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent || "").join(" ") ||
  [...(node.labels || [])].map((label) => label.textContent).join(" ") ||
  node.textContent || "").trim();

if (document.documentElement.lang !== "en") found.push("the page says no language");
if (!document.title) found.push("the page has no title");
for (const [selector, count] of [["main", 1], ["h1", 1], ["header", 1], ["nav", 1], ["footer", 1]])
  if (all(selector).length !== count) found.push(`${selector}: ${all(selector).length}`);
for (const node of all("nav, section"))
  if (node.matches("nav") && !name(node)) found.push("a navigation without a name");
if (!all("[aria-current=page]").length) found.push("no current page in the navigation");
if (!all("[role=status], [aria-live]").length) found.push("nothing tells of changes");
for (const node of all("a[href], button, input, select, textarea"))
  if (shown(node) && !name(node)) found.push("without a name: " + node.outerHTML.slice(0, 80));
for (const node of all("svg[role=img]"))
  if (!node.getAttribute("aria-label")) found.push("a drawing without a name");
for (const table of all("table")) {
  if (!table.caption && shown(table)) found.push("a table without a caption");
  for (const head of table.querySelectorAll("thead th"))
    if (!head.scope) found.push("a column without a scope");
}
const ids = all("[id]").map((node) => node.id);
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push("twice: #" + id);
let level = 0;
for (const node of all("h1, h2, h3, h4")) {
  if (!shown(node)) continue;
  const next = Number(node.tagName[1]);
  if (next > level + 1) found.push("a heading skips a level: " + node.textContent);
  level = next;
}
if (document.documentElement.scrollWidth > window.innerWidth)
  found.push("wider than the window: " + document.documentElement.scrollWidth);

// WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 for large text.
const parse = (text) => (text.match(/[\d.]+/g) || []).map(Number);
const part = (value) => {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};
const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
const ground = (node) => {
  for (let one = node; one; one = one.parentElement) {
    const colour = parse(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !shown(node) || seen.has(node)) continue;
  seen.add(node);
  if (node.closest(":disabled, noscript, script, option, .skip, .fresh")) continue;
  const style = getComputedStyle(node);
  const isSvg = node instanceof SVGElement;
  const [a, b] = [light(parse(isSvg ? style.fill : style.color)), light(ground(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const size = parseFloat(style.fontSize);
  const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5))
    found.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
}
return [...new Set(found)];
"""


def findings(driver):
    return driver.execute_script(CHECK)


def focus_order(driver, keys, body):
    """What the tabulator leads to, from the top of the page on."""
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0);")
    seen = []
    for _ in range(60):
        body().send_keys(keys.TAB)
        text = driver.execute_script(
            "const node = document.activeElement; return node === document.body ? '' :"
            " (node.id || node.name || node.textContent.trim());")
        if not text or text in seen:
            break
        seen.append(text)
    return seen
