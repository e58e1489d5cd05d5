// Keeps the part of a page marked with data-live up to date. Without this script the page is the same, only still.
"use strict";

(function () {
  const EVERY = 5000; // milliseconds
  const part = document.querySelector("[data-live]");
  if (!part || !window.fetch) return;

  let tag = null;
  let running = true;
  let stopped = false;

  const bar = document.createElement("p");
  const words = document.createElement("span");
  const button = document.createElement("button");
  bar.className = "live";
  words.setAttribute("role", "status");
  button.type = "button";
  bar.append(words, button);
  part.before(bar);

  function say(text, trouble) {
    if (words.textContent !== text) words.textContent = text;
    bar.classList.toggle("trouble", Boolean(trouble));
    button.textContent = running ? "Pause updates" : "Go on updating";
    button.hidden = stopped;
  }

  // A person who is reading with the keyboard, or has text marked, must not lose the place.
  function isBusy() {
    const selection = document.getSelection();
    return selection && !selection.isCollapsed && part.contains(selection.anchorNode);
  }

  function replace(html) {
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.innerHTML = html;
    if (focused === null) return;
    for (const link of part.querySelectorAll("a")) {
      if (link.getAttribute("href") === focused) {
        link.focus({ preventScroll: true });
        return;
      }
    }
  }

  async function ask() {
    const headers = tag ? { "If-None-Match": tag } : {};
    const answer = await fetch(part.dataset.live, { headers, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 403 || answer.status === 404) {
      stopped = true;
      say(answer.status === 401 ? "You are signed out: load the page again." : "This page is no longer there.", true);
    } else if (answer.status === 304) {
      say("Kept up to date.");
    } else if (answer.ok) {
      tag = answer.headers.get("ETag");
      replace(await answer.text());
      say("Kept up to date.");
    } else {
      say("No answer just now; what you see may be old.", true);
    }
  }

  async function turn() {
    if (running && !document.hidden && !isBusy()) {
      try {
        await ask();
      } catch (error) {
        say("No answer just now; what you see may be old.", true);
      }
    }
    if (!stopped) window.setTimeout(turn, EVERY);
  }

  button.addEventListener("click", function () {
    running = !running;
    say(running ? "Kept up to date." : "Updates are paused.");
  });
  say("Kept up to date.");
  window.setTimeout(turn, EVERY);
})();
