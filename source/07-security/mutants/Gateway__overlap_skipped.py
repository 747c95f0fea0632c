"""The search goes on behind the whole value."""
class Gateway:
    def __init__(self, system: str, policy: dict[str, dict], detect: Callable[[str], float], threshold: float,
                 nonce: Callable[[], str], rate: int, burst: int, steps: int = 5, leak: float = 0.5):
        self.system, self.policy, self.detect, self.threshold = system, policy, detect, threshold
        self.nonce, self.rate, self.burst, self.steps, self.leak = nonce, rate, burst, steps, leak
        self.buckets = {}

    def handle(self, model: Callable[[list[Message]], tuple], tools: dict[str, Callable[[dict], str]],
               user: str, t: int,
               query: str) -> tuple[str, str]:
        if user not in self.buckets:
            self.buckets[user] = TokenBucket(self.rate, self.burst)
        if not self.buckets[user].allow(t, max(1, len(query.split()))):
            return "limited", ""
        query = normalize_text(query)
        if self.detect(query) >= self.threshold:
            return "blocked", ""
        messages = [("system", self.system), ("user", query)]
        context = [USER]
        for _ in range(self.steps):
            wish = model(list(messages))
            if wish[0] == "answer":
                return self.out(wish[1], query)
            _, tool, args = wish
            call = (tool, list(context), args)
            taint = {k: [USER] if own_word(v, query) else list(context) for k, v in args.items()}
            if not taint_allowed(call, taint, self.policy) or tool not in tools:
                messages.append(("tool", "refused"))
                continue
            text = normalize_text(tools[tool](args))
            context.append(result_level(call, taint, self.policy))
            if self.detect(text) >= self.threshold:
                messages.append(("tool", "removed"))
            else:
                messages.append(("tool", wrap_untrusted(text, self.nonce())))
        return "stopped", ""

    def out(self, answer, query):
        answer = normalize_text(answer)
        if leak_score(answer, normalize_text(self.system)) >= self.leak:
            return "withheld", ""
        finds = [f for f in find_pii(answer) if not own_word(answer[f[1]:f[2]], query)]
        return "answered", redact(answer, finds)


def own_word(value, query):
    if not isinstance(value, str) or not value:
        return False
    at = query.find(value)
    while at >= 0:
        end = at + len(value)
        if not (at and query[at - 1].isalnum()) and not (end < len(query) and query[end].isalnum()):
            return True
        at = query.find(value, at + len(value))
    return False
