// Asks the course's server (study/server.py).

export function course(lab) {
  const settings = lab.ServerConnection.makeSettings();

  // The answer to one question; an Error with one sentence where there is none.
  return async function ask(what, body = {}) {
    const url = lab.URLExt.join(settings.baseUrl, 'course', what);
    let response;
    try {
      response = await lab.ServerConnection.makeRequest(url, { method: 'POST', body: JSON.stringify(body) }, settings);
    } catch {
      throw new Error('The server does not answer: is `make lab` still running?');
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    throw Object.assign(new Error(answer.message || `The server answered ${response.status}.`), { later: response.status === 409 });
  };
}
