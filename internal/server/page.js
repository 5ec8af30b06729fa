"use strict";
// While something runs, the page is asked for again now and then, and what has
// changed takes the place of what was there. Without this it says how it stood.
const running = () => document.querySelector("main[data-running]");
const again = async () => {
  if (!running()) return;
  try {
    if (!document.hidden && !document.querySelector("main :focus")) {
      const answer = await fetch("/", { cache: "no-store" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of ["header", "main"]) document.querySelector(part).replaceWith(page.querySelector(part));
      }
    }
  } catch { /* the server is away: later */ }
  setTimeout(again, 5000);
};
setTimeout(again, 5000);
