// Requests to the server. An error has a message to show, and whether a key is needed.

class ServiceError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
    this.needsKey = status === 401 || status === 403;
  }
}

class Service {
  constructor() {
    this.key = "";
    this.running = null;
  }

  models() {
    return this.send("models");
  }

  model(name) {
    return this.send(`models/${encodeURIComponent(name)}`);
  }

  predictPicture(model, picture) {
    const path = `predict/image?include=input&model=${encodeURIComponent(model)}`;
    return this.latest(path, picture, picture.type || "application/octet-stream");
  }

  predictRow(model, row) {
    return this.latest("predict", JSON.stringify({ instances: [row], model }), "application/json");
  }

  // A new prediction replaces one that is still pending.
  async latest(path, body, type) {
    if (this.running) this.running.abort();
    const control = (this.running = new AbortController());
    return this.send(path, { method: "POST", body, headers: { "content-type": type }, signal: control.signal });
  }

  async send(path, options = {}) {
    const headers = { ...options.headers };
    if (this.key) headers.authorization = `Bearer ${this.key}`;
    let response;
    try {
      response = await fetch(path, { ...options, headers, credentials: "omit", cache: "no-store" });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ServiceError("The server does not respond. Is it still running?", 0);
    }
    const body = await response.json().catch(() => ({}));
    if (response.ok) return body;
    throw new ServiceError(this.textOf(response, body), response.status);
  }

  textOf(response, body) {
    const text = body.error || `The server responded with status ${response.status}.`;
    const wait = response.headers.get("retry-after");
    return wait && !/try again/i.test(text) ? `${text} Try again in ${wait} s.` : text;
  }
}
