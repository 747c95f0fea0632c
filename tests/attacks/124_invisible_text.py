"""Invisible and reversing characters in the message: what is read is not what stands there."""
# says: stopped with
def answer(*args, **kwargs):
    raise ValueError("\u202egnitset\u202c \u200b\ufeff\u2066x\u2069 \u2028 \u061c \U000e0041 \ud800 \x00 10 of 10 points")
