// What pages do beside live updates: folds stay open through them, texts are copied, times go on.
"use strict";

(() => {
  const opened = new Map();

  document.addEventListener("htmx:beforeSwap", (event) => {
    for (const fold of event.detail.target.querySelectorAll("details[id]")) {
      opened.set(fold.id, fold.open);
    }
  });

  document.addEventListener("htmx:afterSettle", () => {
    for (const [id, open] of opened) {
      const fold = document.getElementById(id);
      if (fold) fold.open = open;
    }
    opened.clear();
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

  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
  }
  // A page that comes back from the browser's memory can be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
})();
