// Keeps the page's own files, so that it opens without a network, too. The network comes first: a new
// build is seen at once.
const KEPT = "halfplane";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith((async () => {
    const kept = await caches.open(KEPT);
    try {
      const answer = await fetch(request);
      if (answer.ok) await kept.put(request, answer.clone());
      return answer;
    } catch (error) {
      const own = await kept.match(request, { ignoreSearch: true });
      if (own) return own;
      throw error;
    }
  })());
});
