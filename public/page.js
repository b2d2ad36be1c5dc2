// The script of every page, for what needs no island: times in the reader's time zone, Show password, the busy state
// of a form that loads a page, menus that close when the focus leaves them. Everything works without it, with times
// in UTC. It finds elements by `data-` attributes (docs/decisions/0002). scripts/build-site.sh compresses it into
// /pkg/ under a hashed name.
"use strict";
{
  const page = document;
  const all = (selector) => page.querySelectorAll(selector);
  // How far the clock here is ahead of the server's.
  const skew = Date.now() - Date.parse(page.currentScript.dataset.now);
  const format = (timeStyle) => new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle });
  const [date, clock] = [format(), format("long")];
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const [second, minute, hour, day] = [1e3, 6e4, 36e5, 864e5];

  // The same words as `Timestamp::relative` and `Timestamp::ahead`.
  const near = (at) => {
    const rest = at + skew - Date.now();
    const size = Math.abs(rest);
    if (rest <= 0 && size < 10 * second) return "just now";
    if (rest <= 0 && size >= 14 * day) return date.format(at);
    if (rest > 0 && size < minute) return "in less than a minute";
    const [unit, length] =
      size < minute ? ["second", second]
      : size < hour ? ["minute", minute]
      : size < (rest > 0 ? 2 : 1) * day ? ["hour", hour]
      : ["day", day];
    return relative.format(Math[rest > 0 ? "round" : "ceil"](rest / length), unit);
  };

  const times = page.querySelector("[data-toggles=times]");
  const isOn = (toggle) => toggle?.ariaPressed === "true";
  const write = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const draw = () => {
    for (const time of all("time")) {
      const at = Date.parse(time.dateTime);
      const texts = [near(at), clock.format(at)];
      if (isOn(times) || "exact" in time.dataset) texts.reverse();
      write(time, texts[0]);
      time.title = texts[1];
    }
    for (const local of all("[data-local],[data-end-of]")) {
      const { local: exact, endOf } = local.dataset;
      const at = new Date(exact ?? `${page.getElementById(endOf)?.value}T23:59:59Z`);
      // Nothing for a date that is not complete, and nothing where local time is UTC.
      write(local, at.getTimezoneOffset() ? `(your time: ${clock.format(at)})` : "");
    }
  };

  for (const toggle of all("[data-toggles]")) toggle.hidden = false;
  if (times) times.ariaPressed = localStorage.exact === "true";

  addEventListener("click", ({ target }) => {
    const [toggle, time] = [target.closest("[data-toggles]"), target.closest("time")];
    if (toggle) {
      const on = !isOn(toggle);
      toggle.ariaPressed = on;
      if (toggle === times) localStorage.exact = on;
      else page.getElementById(toggle.dataset.toggles).type = on ? "text" : "password";
    } else if (time) time.toggleAttribute("data-exact");
    else return;
    draw();
  });
  addEventListener("input", ({ target }) => all(`[data-end-of="${target.id}"]`)[0] && draw());

  addEventListener("submit", (event) => {
    const form = event.target;
    const button = form.querySelector("[data-submits]");
    // An island sends the form in place.
    if (!button || event.defaultPrevented) return;
    if (button.ariaBusy) return event.preventDefault();
    button.ariaBusy = button.ariaDisabled = true;
    // Browsers would offer the password of a text field again.
    for (const toggle of form.querySelectorAll("[data-toggles]")) isOn(toggle) && toggle.click();
  });
  // A page that Back shows again is not busy.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const button of all("[data-submits]")) button.ariaBusy = button.ariaDisabled = null;
    draw();
  });

  addEventListener("focusin", ({ target }) => {
    for (const open of all(":popover-open")) {
      if (!open.contains(target) && target.getAttribute("popovertarget") !== open.id) open.hidePopover();
    }
  });

  draw();
  setInterval(draw, minute);
}
