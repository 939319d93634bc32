/// The style sheet of the report.
enum OutcomeStyle {
  static let text = """
    :root { color-scheme: light dark; --ground: #fff; --panel: #f4f5f7; --text: #1b1f24;
      --quiet: #4d5661; --line: #c3c9d1; --filled: #1f6f43; --open: #2f6db5; --canceled: #7d8590;
      --rejected: #b3261e; --denied: #a86400; --doubt: #7b3fa0;
      --validated: #0b7285; }
    @media (prefers-color-scheme: dark) { :root { --ground: #14171b; --panel: #1e2329;
      --text: #e8ebef; --quiet: #b3bcc7; --line: #444d58; --filled: #5fbf86; --open: #77aef0;
      --canceled: #98a2ae; --rejected: #f07c76; --denied: #e0a24a; --doubt: #c394e6;
      --validated: #4fc3d3; } }
    * { box-sizing: border-box; }
    html { font: 100%/1.5 system-ui, sans-serif; }
    body { margin: 0 auto; max-width: 62rem; padding: .75rem clamp(.75rem, 3vw, 2rem);
      background: var(--ground); color: var(--text); overflow-wrap: anywhere; }
    h1 { font-size: 1.5rem; margin: .25rem 0; } h2 { font-size: 1.15rem; margin: 1.25rem 0 .5rem; }
    .quiet { color: var(--quiet); } .notice { border-left: .3rem solid var(--denied);
      background: var(--panel); padding: .6rem .8rem; }
    .cards { display: grid; gap: .6rem; margin: .75rem 0;
      grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
    .cards div { background: var(--panel); border-radius: .4rem; padding: .5rem .7rem; }
    dt { color: var(--quiet); } dd { margin: 0; font-size: 1.25rem; font-weight: 600;
      font-variant-numeric: tabular-nums; }
    figure { margin: 1.25rem 0 .3rem; } figcaption { font-weight: 600; }
    .chart { width: 100%; height: auto; display: block; }
    .chart text { fill: var(--quiet); font-size: 11px; } .axis { stroke: var(--line); }
    .key { display: flex; flex-wrap: wrap; gap: .2rem .9rem; list-style: none; padding: 0; margin: 0; }
    .key span { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
    .scroll { overflow-x: auto; overflow-wrap: normal; } th { white-space: nowrap; } table { border-collapse: collapse; width: 100%;
      font-variant-numeric: tabular-nums; }
    caption { text-align: left; color: var(--quiet); padding: .3rem 0; }
    th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
      border-bottom: 1px solid var(--line); } .number { text-align: right; }
    summary { cursor: pointer; padding: .3rem 0; }
    .c-filled { fill: var(--filled); background: var(--filled); }
    .c-validated { fill: var(--validated); background: var(--validated); }
    .c-open { fill: var(--open); background: var(--open); }
    .c-canceled { fill: var(--canceled); background: var(--canceled); }
    .c-rejected { fill: var(--rejected); background: var(--rejected); }
    .c-denied { fill: var(--denied); background: var(--denied); }
    .c-in_doubt { fill: var(--doubt); background: var(--doubt); }
    """
}
