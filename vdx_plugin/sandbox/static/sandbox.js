// Keeps the parts marked data-live fresh without reloading the page: nothing jumps, and a form being filled in stays.
const EVERY_MS = 2000;

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const news = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (news && news.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
      part.replaceChildren(...news.childNodes);
    }
  }
}

setInterval(() => {
  if (!document.hidden) refresh().catch(() => {}); // the sandbox may be stopped while the page stays open
}, EVERY_MS);
