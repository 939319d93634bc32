import Domain

/// What stands on each page before its script has an answer: its headings, forms and empty places, at the
/// size that they will have.
enum PageBodies {
  static func text(_ name: Route.PageName) -> String {
    switch name {
    case .overview: overview
    case .signals: list("Signals, newest first", decisions: true)
    case .orders: list("Orders, newest first", decisions: false)
    case .charts: charts
    case .configuration: configuration
    case .submit: submit
    case .story: #"<div id="story" aria-busy="true"><p class="quiet">loading …</p></div>"#
    }
  }

  private static let overview = #"""
    <section aria-labelledby="verdict-title"><h2 id="verdict-title">Is it trading?</h2>
    <div id="verdict" class="notice" role="status"><p class="headline">asking the daemon …</p></div>
    <p class="buttons" id="controls"></p></section>
    <div class="cards">
    <section class="card"><h2>Orders</h2><dl id="orders"></dl></section>
    <section class="card"><h2>Limits</h2><div id="limits"></div></section>
    <section class="card"><h2>Exchange</h2><dl id="exchange"></dl></section>
    <section class="card"><h2>Daemon</h2><dl id="daemon"></dl></section>
    </div>
    <section aria-labelledby="events-title"><h2 id="events-title">Last events</h2>
    <ul id="events" class="plain events"></ul></section>
    """#

  private static func list(_ caption: String, decisions: Bool) -> String {
    let orders = OrderStatus.allCases.map(\.rawValue)
    let others =
      decisions
      ? DecisionCode.allCases.map(\.rawValue).filter { !orders.contains($0) } : []
    let options = (orders + others).map {
      "<option value=\"\($0)\">\($0.replacing("_", with: " "))</option>"
    }
    return """
      <form id="filter" class="row" role="search">
      <label>Symbol <input name="symbol" autocomplete="off" size="12" placeholder="BTCUSDT"></label>
      <label>State <select name="state"><option value="">any</option>\(options.joined())</select>
      </label>
      <label class="check"><input type="checkbox" name="open" value="true"> only open</label>
      <button>Show</button>
      </form>
      <p id="problem" class="bad-text" role="alert"></p>
      <div class="scroll" tabindex="0" role="region" aria-label="\(caption)">
      <table class="stack" id="list" aria-busy="true"><caption>\(caption)</caption>
      <thead></thead><tbody><tr><td>loading …</td></tr></tbody></table></div>
      <p class="buttons"><button type="button" id="newest">Newest</button>
      <button type="button" id="older">Older</button>
      <span id="place" class="quiet" role="status"></span></p>
      """
  }

  private static let charts = #"""
    <form id="period" class="row"><label>Time <select name="hours">
    <option value="1">1 hour</option><option value="24" selected>24 hours</option>
    <option value="168">7 days</option><option value="744">31 days</option></select></label></form>
    <p id="summary" role="status" class="quiet">loading …</p>
    <div id="figures"></div>
    """#

  private static let configuration = #"""
    <div id="faults" role="status"></div>
    <section aria-labelledby="credentials-title"><h2 id="credentials-title">API key</h2>
    <p>Key and secret are tested with MEXC, or written encrypted for the daemon; they are never shown
    again.</p>
    <form id="credentials" autocomplete="off">
    <label>API key <input name="apiKey" autocomplete="off" spellcheck="false" required></label>
    <label>Secret <input name="secretKey" type="password" autocomplete="new-password" required></label>
    <label id="passphrase" hidden>Passphrase of the credentials file, where the console cannot read it
    <input name="passphrase" type="password" autocomplete="new-password"></label>
    <p class="buttons"><button class="main" value="test">Test</button>
    <button value="save" id="save" hidden>Write it for the daemon</button></p>
    </form>
    <div role="status" id="answer"></div><ol id="stages" class="plain stages"></ol>
    <p id="key-state" class="quiet"></p></section>
    <section aria-labelledby="keys-title"><h2 id="keys-title">What holds</h2>
    <p id="file" class="quiet"></p>
    <label class="check"><input type="checkbox" id="only-changed"> only what is not its default</label>
    <div class="scroll" tabindex="0" role="region" aria-label="Effective configuration">
    <table class="stack" id="keys" aria-busy="true"><caption>Every key of the configuration</caption>
    <thead><tr><th scope="col">Key</th><th scope="col">Value</th><th scope="col">Default</th>
    <th scope="col">Meaning</th></tr></thead><tbody></tbody></table></div></section>
    """#

  private static let submit = #"""
    <form id="signal" class="grid">
    <label>Id <input name="id" required maxlength="64" pattern="[A-Za-z0-9._:\-]+"
    autocomplete="off"></label>
    <label>Symbol <input name="symbol" required placeholder="BTCUSDT" autocomplete="off"></label>
    <label>Side <select name="side"><option>buy</option><option>sell</option></select></label>
    <label>Type <select name="type"><option value="">by the price</option><option>limit</option>
    <option>market</option><option value="limit_maker">limit maker</option><option>ioc</option>
    <option>fok</option></select></label>
    <label>Quantity <input name="quantity" inputmode="decimal" autocomplete="off"></label>
    <label>or quote quantity <input name="quote_quantity" inputmode="decimal" autocomplete="off">
    </label>
    <label>Price <input name="price" inputmode="decimal" autocomplete="off"></label>
    <label>Reference price <input name="reference_price" inputmode="decimal" autocomplete="off">
    </label>
    <label>Lives for (seconds) <input name="ttl_seconds" inputmode="numeric" value="60"
    autocomplete="off"></label>
    <label>Note <input name="note" maxlength="1024" autocomplete="off"></label>
    </form>
    <h2>As JSON</h2><pre id="json" tabindex="0" aria-label="The signal as JSON"></pre>
    <p class="buttons"><button type="button" id="check">Check it</button>
    <button type="button" id="send" class="main">Send it</button></p>
    <div id="answer" role="status"></div>
    """#
}
