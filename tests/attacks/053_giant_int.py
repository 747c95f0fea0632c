"""An integer of a hundred million digits, whose printing takes for ever."""
# says: integer|number
def answer(*args, **kwargs):
    return 1 << 330_000_000
