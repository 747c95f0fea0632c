"""A tool gets its arguments normalised, not as the model gave them."""


class Gateway:
    def __init__(self, system, policy, detect, threshold, nonce, rate, burst, steps=5, leak=0.5):
        self.system, self.policy, self.detect, self.threshold, self.nonce = system, policy, detect, threshold, nonce
        self.rate, self.burst, self.steps, self.leak = rate, burst, steps, leak
        self.buckets = {}

    def flagged(self, text):
        return self.detect(text) >= self.threshold

    @staticmethod
    def own(value, query):
        if not isinstance(value, str) or not value:
            return False
        at = query.find(value)
        while at >= 0:
            before, after = query[:at][-1:], query[at + len(value):][:1]
            if not before.isalnum() and not after.isalnum():
                return True
            at = query.find(value, at + 1)
        return False

    def handle(self, model, tools, user, t, query):
        bucket = self.buckets.setdefault(user, TokenBucket(self.rate, self.burst))
        if not bucket.allow(t, max(1, len(query.split()))):
            return "limited", ""
        query = normalize_text(query)
        if self.flagged(query):
            return "blocked", ""
        messages = [("system", self.system), ("user", query)]
        context = [USER]
        for _ in range(self.steps):
            wish = model(list(messages))
            if wish[0] == "answer":
                return self.leave(wish[1], query)
            _, tool, args = wish
            call = (tool, list(context), args)
            taint = {k: [USER] if self.own(x, query) else list(context) for k, x in args.items()}
            if tool not in tools or not taint_allowed(call, taint, self.policy):
                messages.append(("tool", "refused"))
                continue
            text = normalize_text(tools[tool]({k: normalize_text(x) if isinstance(x, str) else x for k, x in args.items()}))
            context.append(result_level(call, taint, self.policy))
            if self.flagged(text):
                messages.append(("tool", "removed"))
            else:
                messages.append(("tool", wrap_untrusted(text, self.nonce())))
        return "stopped", ""

    def leave(self, answer, query):
        answer = normalize_text(answer)
        if leak_score(answer, normalize_text(self.system)) >= self.leak:
            return "withheld", ""
        found = [f for f in find_pii(answer) if not self.own(answer[f[1]:f[2]], query)]
        return "answered", redact(answer, found)
