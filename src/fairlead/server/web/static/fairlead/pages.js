// What pages do beside live updates: nothing is lost through them, nothing is sent twice, times go on.
"use strict";

(() => {
  const opened = new Map();
  let scrolled = [];
  let focused = "";

  const SCROLLING = ".scroll, .log";

  // By which an element is found again in the new version of a part.
  const selector = (element) => {
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    if (href) return `a[href="${CSS.escape(href)}"]`;
    const action = element.form?.getAttribute("action");
    return action ? `form[action="${CSS.escape(action)}"] button` : "";
  };

  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    if (event.detail.shouldSwap && part.id === "live" && !event.detail.xhr.responseText.includes('id="live"')) {
      // Another page came, as to sign in again: it is to be seen as a whole.
      event.detail.shouldSwap = false;
      location.reload();
      return;
    }
    for (const fold of part.querySelectorAll("details[id]")) opened.set(fold.id, fold.open);
    scrolled = [...part.querySelectorAll(SCROLLING)].map((box) => [box.scrollLeft, box.scrollTop]);
    const active = document.activeElement;
    focused = part.contains(active) ? selector(active) : "";
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    for (const [id, open] of opened) {
      const fold = document.getElementById(id);
      if (fold) fold.open = open;
    }
    opened.clear();
    part.querySelectorAll(SCROLLING).forEach((box, place) => {
      if (scrolled[place]) box.scrollTo(...scrolled[place]);
    });
    if (focused && !part.contains(document.activeElement)) {
      part.querySelector(focused)?.focus({ preventScroll: true });
    }
  });

  const MINUTE = 60, HOUR = 3600, DAY = 86400;

  const ago = (seconds) => {
    if (seconds < MINUTE) return "just now";
    if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
    if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
    return "";
  };

  setInterval(() => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const words = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
      if (words && time.textContent !== words) time.textContent = words;
    }
  }, 30000);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
