// What user code has under way while no execution runs: timers, requests, open servers.

'use strict';

// Of what Node.js would wait for at its end, what is not standard output: that is ours.
const underWay = () => {
  const counts = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  const streams = process._getActiveHandles?.() ?? [];
  if (counts.PipeWrap) counts.PipeWrap -= streams.filter((each) => each._isStdio).length;
  return counts;
};

class Pending {
  static isKnown = typeof process.getActiveResourcesInfo === 'function';

  constructor() {
    this.usual = {};
  }

  // What is there now was there before the first execution, and stays.
  note() {
    if (Pending.isKnown) this.usual = underWay();
  }

  // What has come since, by kind. What has ended meanwhile is usual no longer.
  since() {
    const counts = underWay();
    const more = {};
    for (const [kind, count] of Object.entries(counts)) {
      const usual = this.usual[kind] ?? 0;
      if (count > usual) more[kind] = count - usual;
    }
    for (const [kind, usual] of Object.entries(this.usual)) {
      this.usual[kind] = Math.min(usual, counts[kind] ?? 0);
    }
    return more;
  }
}

module.exports = Pending;
