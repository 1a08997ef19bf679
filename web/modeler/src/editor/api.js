// What the page asks the house. Refusals carry the sentence of the server; no answer at all is Offline.
export class Refusal extends Error {
  constructor(status, body) {
    super(body.message || "没有完成，请刷新页面后重试。");
    Object.assign(this, { status, kind: body.kind ?? "", holder: body.holder ?? "" });
  }
}

export class Offline extends Error {}

export function houseAt(address) {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  return async function ask(method, path = "", body, { keepalive = false } = {}) {
    const form = body instanceof FormData;
    let answer;
    try {
      answer = await fetch(address + path, {
        method,
        keepalive,
        headers: { Accept: "application/json", ...(body && !form && { "Content-Type": "application/json" }), "X-CSRFToken": token },
        ...(body && { body: form ? body : JSON.stringify(body) }),
      });
    } catch {
      throw new Offline();
    }
    if (answer.redirected) throw new Refusal(401, { message: "登录已过期。您的改动还在本页，请在另一个窗口重新登录，再回到这里。" });
    const json = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (!answer.ok) throw new Refusal(answer.status, json);
    return json;
  };
}
