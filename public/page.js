// The script of every page, for what needs no island: times in the reader's time zone, Show password, the busy state
// of a form that loads a page, Back after a refused form, keys that are pasted into a search, `/` for the search, menus
// that close when the focus leaves them. Everything works without it, with times in UTC. It finds elements by `data-`
// attributes (docs/decisions/0002). scripts/build-site.sh compresses it into /pkg/ under a hashed name.
"use strict";
{
  const page = document;
  const all = (selector) => page.querySelectorAll(selector);
  // How far the clock here is ahead of the server's.
  const skew = Date.now() - Date.parse(page.currentScript.dataset.now);
  const format = (timeStyle) => {
    const intl = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle });
    // The server writes every month with three letters.
    return (at) => intl.format(at).replace("Sept", "Sep");
  };
  const [date, clock] = [format(), format("long")];
  // Without seconds, which only the tooltip has.
  const short = (text) => text.replace(/(:\d\d):\d\d /, "$1 ");
  const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const [second, minute, hour, day] = [1e3, 6e4, 36e5, 864e5];

  // The same words as `Timestamp::relative` and `Timestamp::ahead`.
  const near = (at) => {
    const rest = at + skew - Date.now();
    const size = Math.abs(rest);
    if (rest <= 0 && size < 10 * second) return "just now";
    if (rest <= 0 && size >= 14 * day) return date(at);
    if (rest > 0 && size < minute) return "in less than a minute";
    const [unit, length] =
      size < minute ? ["second", second]
      : size < (rest > 0 ? hour - minute / 2 : hour) ? ["minute", minute]
      : size < (rest > 0 ? 2 : 1) * day ? ["hour", hour]
      : ["day", day];
    return relative.format(Math[rest > 0 ? "round" : "ceil"](rest / length), unit);
  };

  // A browser may refuse storage altogether.
  const kept = (act) => {
    try {
      return act(localStorage);
    } catch {
      return undefined;
    }
  };
  const times = page.querySelector("[data-toggles=times]");
  const isOn = (toggle) => toggle?.ariaPressed === "true";
  // What was last written into an element, because its own text may be translated since (or emptied by an island). The
  // text is set on the element: its text nodes belong to whoever translates them.
  const written = new WeakMap();
  const write = (element, text) => {
    const before = element.textContent && (written.get(element) ?? element.textContent);
    written.set(element, text);
    if (before !== text) element.textContent = text;
  };

  // Times that were ahead when they were first drawn.
  const coming = new WeakSet();
  const draw = () => {
    for (const time of all("time")) {
      const at = Date.parse(time.dateTime);
      const texts = [near(at), clock(at)];
      if (at + skew > Date.now()) coming.add(time);
      // `expires 1 minute ago` would be wrong; the exact time is right before and after it.
      else if (coming.has(time)) texts[0] = texts[1];
      if (isOn(times) || "exact" in time.dataset) texts.reverse();
      write(time, short(texts[0]));
      time.title = texts[1];
    }
    page.documentElement.toggleAttribute("data-exact-times", isOn(times));
    for (const local of all("[data-local],[data-end-of]")) {
      const { local: exact, endOf } = local.dataset;
      const at = new Date(exact ?? `${page.getElementById(endOf)?.value}T23:59:59Z`);
      // Nothing for a date that is not complete, and nothing where local time is UTC.
      write(local, at.getTimezoneOffset() ? ` (your time: ${clock(at)})` : "");
    }
  };

  for (const toggle of all("[data-toggles]")) toggle.hidden = false;
  if (times) times.ariaPressed = kept((storage) => storage.exact) === "true";

  addEventListener("click", ({ target }) => {
    const [toggle, time] = ["[data-toggles]", "time"].map((selector) => target.closest?.(selector));
    if (toggle) {
      const on = !isOn(toggle);
      toggle.ariaPressed = on;
      if (toggle === times) kept((storage) => (storage.exact = on));
      else page.getElementById(toggle.dataset.toggles).type = on ? "text" : "password";
    } else if (time) time.toggleAttribute("data-exact");
    else return;
    draw();
  });
  addEventListener("input", ({ target }) => {
    if ([...all("[data-end-of]")].some(({ dataset }) => dataset.endOf === target.id)) draw();
  });

  const busy = (button, on) => {
    button.ariaBusy = button.ariaDisabled = on;
  };
  // The shown part of a key that was pasted into a search, as `domain::token::found::start_in` finds it.
  const cut = (text, own) => {
    const seen = text.replace(/[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800]/gu, "");
    const random = "_[a-z0-9]{5}(?=[a-z0-9]";
    const mine = own.slice(0, -1);
    const key = [`${mine}${random}{27})`, `(?<![a-z0-9])${mine}${random})`, `[a-z][a-z0-9]{0,14}${random}{27})`];
    return key.map((key) => seen.match(new RegExp(key, "i"))?.[0]).find(Boolean) ?? text;
  };
  // A search is a link to what it finds. Without scripts it is posted, so that no key comes to stand in an address.
  for (const { form } of all("[data-cuts]")) form.method = "get";
  addEventListener("submit", ({ target }) => {
    const field = target.querySelector("[data-cuts]");
    if (field) field.value = cut(field.value, field.dataset.cuts);
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    const button = form.querySelector("[data-submits]");
    // An island sends the form in place.
    if (!button || event.defaultPrevented) return;
    if (button.ariaBusy) return event.preventDefault();
    busy(button, true);
    // Longer than the server takes at most: the person may have stopped it.
    setTimeout(busy, 45 * second, button, null);
    // Browsers would offer the password of a text field again.
    for (const toggle of form.querySelectorAll("[data-toggles]")) isOn(toggle) && toggle.click();
  });
  // Screen readers say only what changes after the page has opened. The sentences are hidden for a frame: what was done,
  // and what a search or a filter found.
  const announce = () => {
    const lines = all("[data-status] [data-said],[data-found]");
    const hide = (hidden) => lines.forEach((line) => (line.hidden = hidden));
    requestAnimationFrame(() => {
      hide(true);
      requestAnimationFrame(() => hide(false));
    });
  };
  // A page that Back shows again is not busy.
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) for (const button of all("[data-submits]")) busy(button, null);
    else announce();
    draw();
    // The browser may have put back what was typed.
    for (const form of page.forms) follow(form);
  });

  addEventListener("focusin", ({ target }) => {
    // A dialog that was inserted or filled in has times, too.
    if (target.closest?.("dialog")) draw();
    for (const open of all(":popover-open")) {
      if (!open.contains(target) && target.getAttribute("popovertarget") !== open.id) open.hidePopover();
    }
  });

  // Characters as the server counts them: without spaces around, composed.
  const count = (place) => {
    const { countOf, most } = place.dataset;
    const length = [...(page.getElementById(countOf)?.value ?? "").trim().normalize("NFC")].length;
    write(place, length > most * 0.8 ? `${length} of ${most} characters` : "");
    place.toggleAttribute("data-over", length > most);
  };

  // What can be an address or a block; the server reads it.
  const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[\da-f]*:[\da-f:]*(\d{1,3}(\.\d{1,3}){3})?)(\/\d{1,3})?$/i;

  // What a form for a new key adds up to, in the words of `pages::keys::summary`.
  const sum = (place, form) => {
    const number = (count, noun, nouns = `${noun}s`) => `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;
    const value = (name) => form.elements[name].value.trim();
    const scopes = (state) => form.querySelectorAll(`[name="scopes[]"]${state}`).length;
    const preset = form.querySelector("[name=preset]:checked");
    const isCustom = preset?.value === "custom";
    const label = preset?.dataset.label ?? "No permissions chosen";
    const [expires, on] = [value("expires"), value("expires_on")];
    // Not a date while its year has more than four digits.
    const day = Date.parse(`${on}T00:00Z`);
    const ends = {
      never: "never expires",
      date: day ? `expires on ${new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(day)}` : "expires on a date",
    };
    const typed = value("allowlist").split(/[\s,;]+/).filter(Boolean);
    const entries = typed.filter((entry) => ADDRESS.test(entry)).length;
    const wrong = typed.length - entries;
    const limit = value("rate_limit").replaceAll(",", "");
    const parts = [
      isCustom ? `${label} (${number(scopes(":checked"), "scope")})` : label,
      ends[expires] ?? `expires in ${expires} days`,
    ];
    if (entries) parts.push(number(entries, "allowlist entry", "allowlist entries"));
    if (wrong) parts.push(number(wrong, "wrong allowlist entry", "wrong allowlist entries"));
    if (!typed.length) parts.push("any address");
    if (/^[1-9]\d*$/.test(limit)) parts.push(`${number(+limit, "request")} a minute`);
    write(place.querySelector("[data-sum]"), parts.join(", "));
    const isWidest = preset?.hasAttribute("data-widest") || (isCustom && !scopes(":not(:checked)"));
    place.querySelector("[data-unrestricted]").hidden = !isWidest || expires !== "never" || typed.length > 0;
    place.hidden = false;
    form.querySelector("[data-submits]").setAttribute("aria-describedby", place.id);
  };

  const follow = (form) => {
    form.querySelectorAll("[data-count-of]").forEach(count);
    for (const place of form.querySelectorAll("[data-sums]")) sum(place, form);
  };
  // `focusin`: a form may have been filled in by a script, or inserted with its dialog.
  for (const event of ["input", "change", "focusin"]) {
    addEventListener(event, ({ target }) => target.form && follow(target.form));
  }

  const search = page.querySelector("[role=search] [type=search]");
  search?.setAttribute("aria-keyshortcuts", "/");
  const typing = "input:not([type=checkbox],[type=radio]),textarea,select,dialog";
  addEventListener("keydown", (event) => {
    const { type, value, defaultValue } = event.target;
    // In a search that is not changed, Escape would clear the field and leave its result.
    if (event.key === "Escape" && type === "search" && value === defaultValue) event.preventDefault();
    // `/` moves the focus into the search, unless somebody is typing, or a dialog is open.
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !search) return;
    if (event.target.closest?.(typing)) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // Paper has no tooltips, and its times grow no older.
  addEventListener("beforeprint", () => {
    for (const time of all("time")) write(time, short(clock(Date.parse(time.dateTime))));
  });
  addEventListener("afterprint", draw);

  // The page of a refused form is the answer to a POST: Back and Reload would ask whether to send the form again. From
  // here on its address is read. Forms that are sent in place never get here.
  const refused = page.querySelector("form:not([data-function]):has([data-form-message]:not([hidden]), [aria-invalid])");
  if (refused) {
    const next = refused.elements.next?.value;
    history.replaceState(null, "", next ? `?${new URLSearchParams({ next })}` : location.href);
  }

  draw();
  setInterval(draw, minute);
}
