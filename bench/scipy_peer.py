"""CPU seconds that scipy takes for a budget, and what it finds: scipy_peer.py highs|slsqp FILE

FILE is what bench/peers.cpp writes: the total, channels as [family, a, b, s, max], a risk."""
import json
import resource
import sys

import numpy as np
from scipy.optimize import linprog, minimize

with open(sys.argv[2]) as file:
    problem = json.load(file)
total = problem["total"]
family = np.array([c[0] for c in problem["channels"]])
a, b, s, most = (np.array([c[k] for c in problem["channels"]], dtype=float) for k in (1, 2, 3, 4))
n = len(most)
penalty = problem["penalty"]
diagonal = np.array(problem["diagonal"]) if penalty else np.zeros(n)
loadings = np.array(problem["loadings"]).reshape(-1, n) if penalty else np.zeros((0, n))


def value(x):
    with np.errstate(all="ignore"):
        by = {
            "linear": a * x,
            "log": a * np.log1p(x / b),
            "power": a * x**s,
            "exponential": -a * np.expm1(-x / b),
            "hill": a * x**s / (x**s + b**s),
            "mm": a * x / (b + x),
            "quadratic": x * (a - b * x / 2),
        }
    out = sum(np.where(family == name, values, 0) for name, values in by.items())
    exposure = loadings @ x
    return np.sum(out) - penalty / 2 * (np.sum(diagonal * x * x) + np.sum(exposure**2))


def slopes(x):
    x = np.maximum(x, 1e-12)
    with np.errstate(all="ignore"):
        by = {
            "linear": a,
            "log": a / (b + x),
            "power": a * s * x ** (s - 1),
            "exponential": a / b * np.exp(-x / b),
            "hill": a * s * b**s * x ** (s - 1) / (x**s + b**s) ** 2,
            "mm": a * b / (b + x) ** 2,
            "quadratic": a - b * x,
        }
    out = sum(np.where(family == name, values, 0) for name, values in by.items())
    return out - penalty * (diagonal * x + loadings.T @ (loadings @ x))


# Its presolve takes many times what it saves here.
def highs():
    bounds = np.column_stack([np.zeros(n), most])
    answer = linprog(-a, A_eq=np.ones((1, n)), b_eq=[total], bounds=bounds, method="highs",
                     options={"presolve": False})
    assert answer.status == 0
    return -answer.fun


# Where it stops at its limit of iterations, or for a reason of its own, what it has counts.
def slsqp():
    rows = {"type": "eq", "fun": lambda x: np.sum(x) - total, "jac": lambda x: np.ones(n)}
    answer = minimize(
        lambda x: -value(x),
        np.minimum(most, total / n),
        jac=lambda x: -slopes(x),
        bounds=[(0, m) for m in most],
        constraints=[rows],
        method="SLSQP",
        options={"ftol": 1e-9, "maxiter": 1000},
    )
    return value(np.clip(answer.x, 0, most))


before = resource.getrusage(resource.RUSAGE_SELF)
found = {"highs": highs, "slsqp": slsqp}[sys.argv[1]]()
after = resource.getrusage(resource.RUSAGE_SELF)
seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(f"{seconds!r} {float(found)!r}")
