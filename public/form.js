// Lines of a form that follow what is typed: the length of a text, what a new key will be able to do, and when
// a day that ends in UTC ends where the reader is. Without scripts these lines are not shown.
(() => {
  const at = (id) => document.getElementById(id);
  const number = (count, noun, nouns = `${noun}s`) => `${count.toLocaleString("en")} ${count === 1 ? noun : nouns}`;
  const date = (time, options) => new Date(time).toLocaleString("en-GB", { day: "numeric", month: "short", year: "numeric", ...options });

  /** As the server counts: without spaces around it, composed, in Unicode characters. */
  const count = (place) => {
    const { countOf, most } = place.dataset;
    const length = [...(at(countOf)?.value ?? "").trim().normalize("NFC")].length;
    place.textContent = length > most * 0.8 ? `${length} of ${most} characters` : "";
    place.toggleAttribute("data-over", length > most);
  };

  const sum = (place, form) => {
    const value = (name) => form.elements[name].value.trim();
    const scopes = (state) => form.querySelectorAll(`[name="scopes[]"]${state}`).length;
    const preset = form.querySelector("[name=preset]:checked");
    const isCustom = preset?.value === "custom";
    const label = preset ? at(preset.getAttribute("aria-labelledby")).textContent : "No permissions chosen";
    const [expires, day] = [value("expires"), value("expires_on")];
    const ends = { never: "never expires", date: day ? `expires on ${date(day, { timeZone: "UTC" })}` : "expires on a date" };
    const entries = value("allowlist").split(/[\s,;]+/).filter(Boolean).length;
    const limit = value("rate_limit").replaceAll(",", "");
    const parts = [
      isCustom ? `${label} (${number(scopes(":checked"), "scope")})` : label,
      ends[expires] ?? `expires in ${expires} days`,
      entries ? number(entries, "allowlist entry", "allowlist entries") : "any address",
    ];
    if (/^[1-9]\d*$/.test(limit)) parts.push(`${number(Number(limit), "request")} a minute`);
    place.firstElementChild.textContent = parts.join(", ");
    const isWidest = preset?.hasAttribute("data-widest") || (isCustom && !scopes(":not(:checked)"));
    place.lastElementChild.hidden = !(isWidest && expires === "never" && !entries);
    place.hidden = false;
  };

  const end = (place, form) => {
    const [expires, day] = ["expires", "expires_on"].map((name) => form.elements[name].value);
    const time = expires === "date" ? Date.parse(`${day}T23:59:59Z`) : Date.now() + expires * 86_400_000;
    const shown = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
    place.textContent = Number.isNaN(time) ? "" : ` In your time: ${date(time, shown)}.`;
  };

  const follow = (form) => {
    for (const [name, write] of [["count-of", count], ["sums", sum], ["ends", end]]) {
      form.querySelectorAll(`[data-${name}]`).forEach((place) => write(place, form));
    }
  };
  for (const event of ["input", "change", "focusin"]) {
    document.addEventListener(event, ({ target }) => target.form && follow(target.form));
  }
  // Also after the browser has put back what was typed before.
  addEventListener("pageshow", () => [...document.forms].forEach(follow));
})();
