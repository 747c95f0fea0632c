"""JavaScript in what is shown of an answer: a class name, a function's name, a dict's key."""
# says: expected
def answer(logits, *args):
    kind = type("</pre><script>alert(1)</script>", (), {"__repr__": lambda self: "<script>alert(2)</script>"})
    kind.__name__ += "<b>"
    return kind() if logits.dim() == 1 else {"<script>": kind()}
