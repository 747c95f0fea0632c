"""That a call is made is the user's decision always."""


class Gateway:

    def __init__(self, system, policy, detect, threshold, nonce, rate, burst, steps=5, leak=0.5):
        self.system, self.policy, self.detect, self.threshold = (system, policy, detect, threshold)
        self.nonce, self.rate, self.burst, self.steps, self.leak = (nonce, rate, burst, steps, leak)
        self.buckets = {}
        return

    def handle(self, model, tools, user, t, query):
        bucket = self.buckets.setdefault(user, TokenBucket(self.rate, self.burst))
        if not bucket.allow(t, max(1, len(query.split()))):
            return ('limited', '')
        query = normalize_text(query)
        if self.detect(query) >= self.threshold:
            return ('blocked', '')

        def own(value):
            return isinstance(value, str) and value != '' and any((query.startswith(value, i) and (not query[:i][-1:].isalnum()) and (not query[i + len(value):][:1].isalnum()) for i in range(len(query))))
        messages, context = ([('system', self.system), ('user', query)], [USER])
        for _ in range(self.steps):
            kind, *wish = model(list(messages))
            if kind == 'answer':
                wish = [normalize_text(wish[0])]
                if leak_score(wish[0], normalize_text(self.system)) >= self.leak:
                    return ('withheld', '')
                found = [f for f in find_pii(wish[0]) if not own(wish[0][f[1]:f[2]])]
                return ('answered', redact(wish[0], found))
            tool, args = wish
            call, taint = ((tool, [USER], args), {k: [USER] if own(v) else list(context) for k, v in args.items()})
            if tool not in tools or not taint_allowed(call, taint, self.policy):
                messages.append(('tool', 'refused'))
                continue
            context.append(result_level(call, taint, self.policy))
            text = normalize_text(tools[tool](args))
            flagged = self.detect(text) >= self.threshold
            messages.append(('tool', 'removed' if flagged else wrap_untrusted(text, self.nonce())))
        return ('stopped', '')
