"""Selection of the best again and again."""


def reorder_for_edges(docs, scores, strong="start"):
    if len(docs) != len(scores) or (strong != "start" and strong != "end"):
        raise ValueError("bad")
    left = list(range(len(docs)))
    front, back = [], []
    turn = strong == "start"
    while left:
        best = left[0]
        for i in left[1:]:
            if scores[i] > scores[best]:
                best = i
        left.remove(best)
        if turn:
            front.append(docs[best])
        else:
            back.insert(0, docs[best])
        turn = not turn
    return front + back
