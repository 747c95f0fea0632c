"""The measured rates of each layer are multiplied."""


def measured_report(caught, flagged, prevalence):
    if caught.shape[1] != flagged.shape[1] or not len(caught) or (not len(flagged)) or (not 0 <= prevalence <= 1):
        raise ValueError('both kinds of requests through the same layers, and a prevalence from 0 to 1')
    hit, alarm = (int(x.any(1).sum()) / len(x) for x in (caught, flagged))
    return layer_report(caught.double().mean(0).tolist(), flagged.double().mean(0).tolist(), prevalence)
