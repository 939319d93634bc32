/// One style sheet for every page: light and dark by the reader's wish, from telephones to wide screens.
enum PageStyle {
  static let text = #"""
    :root {
      color-scheme: light dark;
      --ground: #ffffff; --panel: #f4f5f7; --text: #1b1f24; --quiet: #4d5661; --line: #c3c9d1;
      --link: #0b57a4; --good: #10652f; --warn: #7a4b00; --bad: #a4161a; --focus: #0b57a4;
      --good-ground: #e3f4e8; --warn-ground: #fdf1d8; --bad-ground: #fdeaea;
      --s1: #1f6f43; --s2: #2f6db5; --s3: #7d8590; --s4: #b3261e; --s5: #a86400; --s6: #7b3fa0;
      --s7: #0b7285;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #14171b; --panel: #1e2329; --text: #e8ebef; --quiet: #b3bcc7; --line: #444d58;
        --link: #8cc2ff; --good: #84d8a0; --warn: #f2c26b; --bad: #ff9d99; --focus: #8cc2ff;
        --good-ground: #16301f; --warn-ground: #352710; --bad-ground: #3b1a1b;
        --s1: #5fbf86; --s2: #77aef0; --s3: #98a2ae; --s4: #f07c76; --s5: #e0a24a; --s6: #c394e6;
        --s7: #4fc3d3;
      }
    }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    html { font: 100%/1.5 system-ui, sans-serif; scrollbar-gutter: stable; }
    body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere; }
    a { color: var(--link); }
    :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
    .skip { position: absolute; left: -100rem; }
    .skip:focus { left: .5rem; top: .5rem; background: var(--ground); padding: .5rem; z-index: 2; }
    header, main, footer { padding: .75rem clamp(.75rem, 3vw, 2rem); max-width: 90rem; }
    header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: center;
      border-bottom: 1px solid var(--line); max-width: none; }
    header p { margin: 0; }
    .brand { font-weight: 700; }
    nav ul { display: flex; flex-wrap: wrap; gap: 0 .25rem; list-style: none; margin: 0; padding: 0; }
    nav a { display: block; padding: .5rem .6rem; text-decoration: none; border-radius: .3rem; }
    nav a:hover { text-decoration: underline; }
    nav a[aria-current] { background: var(--panel); color: var(--text); font-weight: 600; }
    #mode { margin-left: auto; font-weight: 600; }
    #connection { color: var(--quiet); min-width: 11rem; }
    #connection.lost { color: var(--bad); font-weight: 600; }
    footer { color: var(--quiet); border-top: 1px solid var(--line); max-width: none; }
    h1 { font-size: 1.5rem; margin: .25rem 0 .75rem; }
    h2 { font-size: 1.15rem; margin: 1.25rem 0 .5rem; }
    .notice { border-left: .3rem solid var(--line); background: var(--panel); padding: .6rem .8rem;
      margin: .5rem 0; }
    .notice.good { border-color: var(--good); background: var(--good-ground); }
    .notice.warn { border-color: var(--warn); background: var(--warn-ground); }
    .notice.bad { border-color: var(--bad); background: var(--bad-ground); }
    .notice p { margin: .2rem 0; }
    .headline { font-size: 1.2rem; font-weight: 600; }
    .good-text { color: var(--good); } .warn-text { color: var(--warn); }
    .bad-text { color: var(--bad); }
    .quiet { color: var(--quiet); }
    .stale { opacity: .55; }
    .cards { display: grid; gap: .75rem; margin: .75rem 0;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
    .card { background: var(--panel); border-radius: .4rem; padding: .6rem .8rem; min-height: 6rem; }
    .card h2 { margin: 0 0 .3rem; font-size: 1rem; }
    dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: 0; }
    dt { color: var(--quiet); } dd { margin: 0; font-variant-numeric: tabular-nums; }
    meter, progress { width: 100%; height: .9rem; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
    caption { text-align: left; color: var(--quiet); padding: .3rem 0; }
    th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
      vertical-align: top; }
    td.number, th.number { text-align: right; }
    th button { all: unset; cursor: pointer; font-weight: 700; }
    th button:focus-visible { outline: 3px solid var(--focus); }
    th[aria-sort=ascending] button::after { content: " ▲"; }
    th[aria-sort=descending] button::after { content: " ▼"; }
    form { display: grid; gap: .6rem; margin: .5rem 0; max-width: 45rem; }
    form.row { display: flex; flex-wrap: wrap; gap: .6rem 1rem; align-items: end; }
    form.grid { max-width: none; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
    label { display: grid; gap: .15rem; }
    label.check { display: flex; gap: .5rem; align-items: center; min-height: 2.4rem; }
    input, select, textarea, button { font: inherit; color: inherit; background: var(--ground);
      border: 1px solid var(--quiet); border-radius: .3rem; padding: .4rem .6rem; max-width: 100%; }
    input[type=checkbox] { width: 1.2rem; height: 1.2rem; }
    button { cursor: pointer; background: var(--panel); min-height: 2.4rem; }
    button.main { background: var(--link); color: var(--ground); border-color: var(--link); }
    button.danger { border-color: var(--bad); color: var(--bad); }
    button:disabled { opacity: .6; cursor: default; }
    .buttons { display: flex; flex-wrap: wrap; gap: .6rem; }
    pre { background: var(--panel); padding: .6rem; overflow-x: auto; white-space: pre-wrap; }
    ol.timeline, ul.plain, ol.plain { list-style: none; padding: 0; margin: 0; }
    ol.timeline li { border-left: .2rem solid var(--line); padding: .2rem 0 .5rem .8rem; }
    ol.timeline time { display: block; color: var(--quiet); font-size: .9rem; }
    .events { min-height: 12rem; }
    .events:empty::before { content: "none yet"; color: var(--quiet); }
    .events li { padding: .2rem 0; border-bottom: 1px solid var(--line); }
    .events li[data-level=error] { color: var(--bad); }
    .events li[data-level=warning] { color: var(--warn); }
    .stages li { padding: .3rem 0; border-bottom: 1px solid var(--line); }
    .changed td:nth-child(-n+2) { font-weight: 600; }
    dialog { color: var(--text); background: var(--ground); border: 1px solid var(--line);
      border-radius: .4rem; max-width: min(40rem, 94vw); }
    dialog::backdrop { background: rgb(0 0 0 / 50%); }
    figure { margin: 0 0 1.25rem; max-width: 60rem; } figcaption { font-weight: 600; }
    svg.chart { width: 100%; height: auto; min-height: 8rem; display: block; }
    svg text { fill: var(--quiet); font-size: 11px; }
    svg .axis { stroke: var(--line); }
    .key { display: flex; flex-wrap: wrap; gap: .2rem .9rem; list-style: none; padding: 0; margin: 0; }
    .key span { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
    .f-filled { fill: var(--s1); background: var(--s1); }
    .f-validated { fill: var(--s7); background: var(--s7); }
    .f-open { fill: var(--s2); background: var(--s2); }
    .f-canceled { fill: var(--s3); background: var(--s3); }
    .f-rejected { fill: var(--s4); background: var(--s4); }
    .f-denied { fill: var(--s5); background: var(--s5); }
    .f-in_doubt { fill: var(--s6); background: var(--s6); }
    @media (max-width: 40rem) {
      #mode { margin-left: 0; }
      #connection { flex: 1; }
      table.stack thead { position: absolute; left: -100rem; }
      table.stack tr { display: block; border-bottom: 2px solid var(--line); padding: .4rem 0; }
      table.stack td { display: grid; grid-template-columns: 7rem 1fr; border: 0; padding: .1rem 0; }
      table.stack td::before { content: attr(data-name); color: var(--quiet); }
      table.stack td.number { text-align: left; }
    }
    @media (prefers-reduced-motion: no-preference) { .fresh { animation: fresh 1.5s; } }
    @keyframes fresh { from { background: var(--good-ground); } }
    """#
}
