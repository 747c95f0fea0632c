"""JavaScript in the message, the class and the source line of an exception."""
# says: stopped with
def answer(*args, **kwargs):
    kind = type("<script>alert(1)</script>", (ValueError,), {})
    raise kind("<img src=x onerror=\"document.title='owned'\"></pre><script>alert(2)</script>")
