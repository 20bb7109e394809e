// Tells a page that what it shows has changed: one stream a tab, at most one telling a second.
"use strict";

(() => {
  const SECOND = 1000;
  const MOMENT = 100;
  const AGAIN = 10 * SECOND;
  const address = document.body.dataset.stream;
  let source = null;
  let last = 0;
  let waiting = 0;
  let ended = false;

  const htmx = document.createElement("script");
  htmx.src = document.currentScript.dataset.htmx;

  const reading = () => {
    const selected = getSelection();
    return !selected.isCollapsed && Boolean(document.getElementById("live")?.contains(selected.anchorNode));
  };

  const tell = () => {
    waiting = 0;
    if (!window.htmx) {
      soon(MOMENT);
      return;
    }
    if (reading()) {
      // Somebody marks a text to copy it: not under their hands.
      soon(SECOND);
      return;
    }
    last = Date.now();
    document.body.dispatchEvent(new Event("changed"));
  };

  const soon = (least = 0) => {
    waiting ||= setTimeout(tell, Math.max(least, last + SECOND - Date.now(), 0));
  };

  const open = () => {
    if (source || ended) return;
    let known = false;
    source = new EventSource(address);
    source.addEventListener("open", () => {
      // What happened while there was no connection was not heard.
      if (known) soon();
      known = true;
    });
    source.addEventListener("changed", () => soon());
    source.addEventListener("end", () => {
      ended = true;
      close();
      soon();
    });
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) {
        close();
        setTimeout(open, AGAIN);
      }
    });
  };

  const close = () => {
    source?.close();
    source = null;
  };

  // A browser allows few connections to one host: tabs that nobody sees hold none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      close();
    } else if (!source && !ended) {
      open();
      soon();
    }
  });

  const begin = () => {
    document.head.append(htmx);
    if (!document.hidden) open();
  };

  // Both are only for what changes later: the page is shown before them.
  const later = () => requestAnimationFrame(() => setTimeout(begin));
  if (document.readyState === "complete") later();
  else addEventListener("load", later, { once: true });
})();
