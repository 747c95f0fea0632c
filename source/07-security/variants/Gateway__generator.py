"""One loop, borders found by str.find."""


class Gateway:
    def __init__(self, system, policy, detect, threshold, nonce, rate, burst, steps=5, leak=0.5):
        self.it = dict(system=system, policy=policy, detect=detect, threshold=threshold, nonce=nonce, steps=steps, leak=leak)
        self.limit, self.users = (rate, burst), {}

    @staticmethod
    def places(value, text):
        at = text.find(value)
        while at >= 0:
            yield at
            at = text.find(value, at + 1)

    def whose(self, value, text):
        if type(value) is not str or len(value) == 0:
            return False
        for at in self.places(value, text):
            left = text[at - 1] if at else " "
            right = text[at + len(value)] if at + len(value) < len(text) else " "
            if not left.isalnum() and not right.isalnum():
                return True
        return False

    def handle(self, model, tools, user, t, query):
        if user not in self.users:
            self.users[user] = TokenBucket(*self.limit)
        if not self.users[user].allow(t, max(len(query.split()), 1)):
            return "limited", ""
        clean = normalize_text(query)
        if self.it["detect"](clean) >= self.it["threshold"]:
            return "blocked", ""
        history, read, left = [["system", self.it["system"]], ["user", clean]], [USER], self.it["steps"]
        while left > 0:
            left -= 1
            wish = model([tuple(m) for m in history])
            if wish[0] == "answer":
                text = normalize_text(wish[1])
                if leak_score(text, normalize_text(self.it["system"])) >= self.it["leak"]:
                    return "withheld", ""
                return "answered", redact(text, [(k, a, b) for k, a, b in find_pii(text) if not self.whose(text[a:b], clean)])
            _, tool, args = wish
            labels = {}
            for name in args:
                labels[name] = [USER] if self.whose(args[name], clean) else read[:]
            fine = tool in tools and taint_allowed((tool, read[:], args), labels, self.it["policy"])
            if not fine:
                history.append(["tool", "refused"])
                continue
            said = normalize_text(tools[tool](args))
            read = read + [result_level((tool, read[:], args), labels, self.it["policy"])]
            if self.it["detect"](said) >= self.it["threshold"]:
                said = "removed"
            else:
                said = wrap_untrusted(said, self.it["nonce"]())
            history.append(["tool", said])
        return "stopped", ""
