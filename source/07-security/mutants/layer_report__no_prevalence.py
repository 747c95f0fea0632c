"""The prevalence is not used."""
import math


def layer_report(tpr, fpr, prevalence):
    if len(tpr) != len(fpr) or not all((0 <= x <= 1 for x in (*tpr, *fpr, prevalence))):
        raise ValueError('as many TPRs as FPRs, all between 0 and 1')

    def any_of(rates):
        return 1.0 if 1 in rates else -math.expm1(math.fsum((math.log1p(-r) for r in rates)))
    alarm = any_of(fpr)
    right, wrong = (any_of(tpr), alarm)
    return (math.prod((1.0 - r for r in tpr), start=1.0), alarm, right / (right + wrong) if right + wrong > 0 else math.nan)
